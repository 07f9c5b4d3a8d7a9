package receiver

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/mem"
)

// TestHandleBatch: datagrams that are handed over together have the effects of the same datagrams one by one: lost,
// repeated, damaged and shortened ones, of several objects, in batches of any length.
func TestHandleBatch(t *testing.T) {
	completed := 0
	for seed := range uint64(30) {
		a, b := plain(t, 1, 20_000, 100, 4), coded(t, 2, 20_000, 100, 5, 8, "")
		packets := fdtInstance{files: []fdt.File{a.file("a"), b.file("b")}, e: 300}.packets(t)
		rng := rand.New(rand.NewPCG(seed, 4))
		for _, o := range []object{a, b} {
			for _, d := range o.all() {
				switch d = bytes.Clone(d); rng.IntN(40) {
				case 0:
					continue
				case 1:
					packets = append(packets, d)
				case 2:
					d[rng.IntN(len(d))] ^= 1 << rng.IntN(8)
				case 3:
					d = d[:rng.IntN(len(d))]
				}
				packets = append(packets, d)
			}
		}
		packets = append(packets, a.all()...) // of which some are missing
		one, other := newTestReceiver(t), newTestReceiver(t)
		now, origin := start, Origin{Port: 7}
		for rest := packets; len(rest) > 0; now = now.Add(time.Millisecond) {
			n := rng.IntN(min(len(rest), 70) + 1)
			one.HandleBatch(now, key, origin, rest[:n])
			for _, d := range rest[:n] {
				other.HandleFrom(now, key, origin, d)
			}
			rest = rest[n:]
			events := one.Events()
			if want := other.Events(); !reflect.DeepEqual(events, want) {
				t.Fatalf("seed %d: events of a batch:\n%v\none by one:\n%v", seed, events, want)
			}
			for _, e := range events {
				if _, ok := e.(event.ObjectCompleted); ok {
					completed++
				}
			}
		}
		got, _ := one.Counters(key)
		want, _ := other.Counters(key)
		if got != want {
			t.Errorf("seed %d: counters of batches %+v, one by one %+v", seed, got, want)
		}
		one.Close(now)
		other.Close(now)
	}
	if completed < 30 {
		t.Errorf("%d objects were completed", completed)
	}
}

func newTestReceiver(t *testing.T) *Receiver {
	t.Helper()
	r, err := New(Config{Registry: schemes.Default(), Store: mem.New()})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// lender is a store that lends the memory of its one object, and keeps nothing of it.
type lender struct {
	sink
	bytes []byte
}

func (l lender) Create(uint64) (store.Object, error)    { return l, nil }
func (l lender) Window(off int64, n int, _ bool) []byte { return l.bytes[off : off+int64(n)] }

// TestBatchAllocatesNothing: a batch of source symbols costs no allocation either. What does is an event for each
// percent of the object.
func TestBatchAllocatesNothing(t *testing.T) {
	const batch, size = 46, 16 << 20
	st := newStationary(t, plain(t, 1, size, 1400, 64), nil)
	r, err := New(Config{Registry: schemes.Default(), Store: lender{bytes: make([]byte, size)}})
	if err != nil {
		t.Fatal(err)
	}
	r.HandleBatch(start, key, Origin{}, st.fdt)
	i := len(st.packets)/100 + 1 // begin with what is begun once
	r.HandleBatch(start, key, Origin{}, st.packets[:i])
	if n := testing.AllocsPerRun(1, func() {
		r.HandleBatch(start, key, Origin{}, st.packets[i:i+batch])
		i += batch
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if c, _ := r.Counters(key); c.Accepted < uint64(i) {
		t.Errorf("%+v", c)
	}
}
