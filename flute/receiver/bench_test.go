package receiver

import (
	"fmt"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/store"
)

// sink is a store that keeps nothing: what is measured is the receiver.
type sink struct{}

func (sink) Create(uint64) (store.Object, error)                 { return sink{}, nil }
func (sink) Publish(_ store.Object, name string) (string, error) { return name, nil }
func (sink) Close() error                                        { return nil }
func (sink) ReadAt(p []byte, _ int64) (int, error)               { clear(p); return len(p), nil }
func (sink) WriteAt(p []byte, _ int64) (int, error)              { return len(p), nil }
func (sink) Truncate(int64) error                                { return nil }
func (sink) Sync() error                                         { return nil }
func (sink) Discard() error                                      { return nil }

// stationary returns a session that receives packets of one object, over and over: begin starts it anew.
type stationary struct {
	cfg     *Config
	packets [][]byte
	fdt     [][]byte
	l       *Ledger
	s       *Session
	o       *Object
}

func newStationary(tb testing.TB, o object, lose func(sbn fec.SBN, esi fec.ESI) bool) *stationary {
	tb.Helper()
	cfg, err := Config{Registry: schemes.Default(), Store: sink{}}.Validated()
	if err != nil {
		tb.Fatal(err)
	}
	st := &stationary{cfg: cfg, fdt: fdtInstance{files: []fdt.File{o.file("a")}}.packets(tb)}
	part := o.oti.Partition()
	for sbn := range fec.SBN(part.Blocks()) {
		k := part.BlockSymbols(sbn)
		lost := 0
		for esi := range fec.ESI(k) {
			if lose != nil && lose(sbn, esi) {
				lost++
				continue
			}
			st.packets = append(st.packets, o.packet(sbn, esi, 1))
		}
		for i := range lost {
			st.packets = append(st.packets, o.raw(sbn, fec.ESI(k)+fec.ESI(i), random(int(o.oti.SymbolLength),
				uint64(sbn))))
		}
	}
	st.begin(tb)
	return st
}

func (st *stationary) begin(tb testing.TB) {
	tb.Helper()
	st.l = NewLedger(st.cfg, key)
	st.s = st.l.NewSession()
	for _, p := range st.fdt {
		st.s.Route(start, Origin{}, p)
	}
	st.s.Effects()
	st.o = st.l.NewObject(flute.NewTOI(1))
}

// feed takes packet i. Works are run at once.
func (st *stationary) feed(i int) {
	p, ok := st.s.Route(start, Origin{}, st.packets[i])
	if ok {
		st.o.Handle(start, &p)
	}
	for _, w := range st.o.Effects().Works {
		w.Run(nil)
		st.o.Done(start, w)
	}
}

// A source symbol costs no allocation, at the borders of source blocks neither: a complete block gives its bookkeeping
// to the next. What allocates: a repair symbol that is kept, and the recovery of a block; the first packet of an
// object, one in 4096 blocks that come out of order, an event for each percent, and a Work for each 8 MiB.
func TestSourceSymbolAllocatesNothing(t *testing.T) {
	for _, o := range []object{plain(t, 1, 64<<20, 1400, 64), coded(t, 1, 64<<20, 1400, 64, 80, "")} {
		st := newStationary(t, o, nil)
		percent := len(st.packets)/100 + 1
		i := percent // begin with what is begun once
		for j := range i {
			st.feed(j)
		}
		events := 0
		n := testing.AllocsPerRun(percent-200, func() {
			p, ok := st.s.Route(start, Origin{}, st.packets[i])
			if !ok {
				t.Fatal("not for the object")
			}
			st.o.Handle(start, &p)
			events += len(st.o.Effects().Events)
			i++
		})
		if n != 0 || events > 1 {
			t.Errorf("FEC Encoding ID %d: %v allocations a packet, %d events", o.oti.EncodingID, n, events)
		}
		if c := st.l.Counters(); c.Accepted < uint64(i) {
			t.Errorf("%+v", c)
		}
	}
}

// Neither do packets that bring nothing new, or that are dropped.
func TestUselessPacketsAllocateNothing(t *testing.T) {
	o := plain(t, 1, 1<<20, 1400, 64)
	st := newStationary(t, o, nil)
	st.feed(0)
	useless := map[string][]byte{
		"duplicate": st.packets[0], "SBN": o.raw(9999, 0, o.content[:1400]), "ESI": o.raw(0, 9999, o.content[:1400]),
		"symbol length": o.raw(0, 3, o.content[:9]), "header": {0x10, 0, 0}, "FDT again": st.fdt[0],
	}
	for name, b := range useless {
		if n := testing.AllocsPerRun(100, func() {
			if p, ok := st.s.Route(start, Origin{}, b); ok {
				st.o.Handle(start, &p)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	for i := range st.packets {
		st.feed(i)
	}
	if n := testing.AllocsPerRun(100, func() { st.s.Route(start, Origin{}, st.packets[5]) }); n != 0 {
		t.Errorf("after the end: %v allocations", n)
	}
}

func oneInTwenty(sbn fec.SBN, esi fec.ESI) bool { return esi%20 == fec.ESI(sbn%20) }

func BenchmarkReceiver(b *testing.B) {
	for _, bench := range []struct {
		name string
		o    object
		lose func(fec.SBN, fec.ESI) bool
	}{
		{"no-code", plain(b, 1, 32<<20, 1400, 64), nil},
		{"RS k=64, no loss", coded(b, 1, 32<<20, 1400, 64, 80, "rizzo"), nil},
		{"RS k=64, 5% loss", coded(b, 1, 32<<20, 1400, 64, 80, "rizzo"), oneInTwenty},
	} {
		b.Run(bench.name, func(b *testing.B) {
			st := newStationary(b, bench.o, bench.lose)
			st.cfg.Variant = "rizzo"
			st.begin(b)
			i := 0
			b.SetBytes(1400)
			b.ReportAllocs()
			for b.Loop() {
				if i == len(st.packets) {
					b.StopTimer()
					st.begin(b)
					i = 0
					b.StartTimer()
				}
				st.feed(i)
				i++
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "packets/s")
		})
	}
}

// How many sessions and objects there are makes no difference to a packet.
func BenchmarkRouteCompleted(b *testing.B) {
	for _, n := range []uint64{1, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			st := newStationary(b, plain(b, 1, 1400, 1400, 64), nil)
			for i := range n - 1 {
				e := &entry{record: record{toi: flute.NewTOI(2 + i), phase: completed}}
				st.l.entries[e.toi] = e
			}
			st.feed(0)
			b.ReportAllocs()
			for b.Loop() {
				st.s.Route(start, Origin{}, st.packets[0])
			}
		})
	}
}

// What a packet costs when packets of so many objects come in turn: each header is parsed, since it is not like the one
// before, and of 10,000 objects none is in a cache when its turn comes. Those are so small that each packet has an
// event.
func BenchmarkObjectsInTurn(b *testing.B) {
	const all = 300_000 // symbols
	for _, n := range []int{1, 100, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			objects, files := make([][][]byte, n), make([]fdt.File, n)
			for i := range objects {
				o := plain(b, uint64(1+i), all/n*100, 100, 64)
				objects[i], files[i] = o.all(), o.file(fmt.Sprint(i))
			}
			var r *Receiver
			begin := func() {
				var err error
				if r, err = New(Config{Registry: schemes.Default(), Store: sink{}}); err != nil {
					b.Fatal(err)
				}
				for i := 0; i < n; i += 50 {
					in := fdtInstance{id: flute.InstanceID(i / 50), files: files[i:min(i+50, n)]}
					r.HandleBatch(start, key, Origin{}, in.packets(b))
				}
				for i := range objects {
					r.Handle(start, key, objects[i][0])
				}
			}
			symbol, i := 1, 0
			begin()
			b.ReportAllocs()
			for b.Loop() {
				r.Handle(start, key, objects[i][symbol])
				if i++; i < n {
					continue
				}
				if i, symbol = 0, symbol+1; symbol == all/n-1 { // the last one never comes
					b.StopTimer()
					symbol = 1
					begin()
					b.StartTimer()
				}
			}
			if c, _ := r.Counters(key); c.Duplicate > uint64(n) || c.Accepted == 0 { // FDT Instances aside
				b.Errorf("%+v", c)
			}
		})
	}
}
