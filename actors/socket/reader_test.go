package socket_test

import (
	"fmt"
	"maps"
	"net/netip"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
	"weak"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/session/receiving"
	"github.com/flute-node/flute-node/actors/session/routing"
	"github.com/flute-node/flute-node/actors/socket"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/internal/slab"
	"github.com/flute-node/flute-node/internal/udp"
)

// A socket that reads from anybody and writes to anybody can be read by the loop, as one that listens to a group can.
var (
	_ socket.Source = (*udp.Socket)(nil)
	_ socket.Source = (*udp.Receiver)(nil)
)

// endpoint returns one that reads from s into a Memory of four reads. r may be nil.
func endpoint(r socket.Router, s socket.Source) *socket.Endpoint {
	e := socket.NewEndpoint(socket.Config{
		ID: 1, Memory: slab.NewMemory(4 * 64 * 2048), MaxDatagram: 2048, Batch: 64,
	}, s)
	if r != nil {
		e.Add(r, nil)
	}
	return e
}

// source yields the same datagrams with each read.
type source struct{ datagrams []slab.Datagram }

func (s *source) ReadBatch(_ *slab.Slab, out []slab.Datagram) (int, error) {
	return copy(out, s.datagrams), nil
}
func (s *source) Joins() bool  { return false }
func (s *source) Close() error { return nil }

// packets returns a source of 64 data packets of n transport sessions in turn.
func packets(t testing.TB, n int) *source {
	t.Helper()
	s := &source{}
	for i := range 64 {
		template, err := alc.NewTemplate(alc.Spec{TSI: flute.TSI(1 + i%n), TOI: flute.NewTOI(1)})
		if err != nil {
			t.Fatal(err)
		}
		data := append(template.Append(nil, false), make([]byte, 4+1400)...)
		s.datagrams = append(s.datagrams, slab.Datagram{Data: data, Source: netip.MustParseAddrPort("192.0.2.1:5000")})
	}
	return s
}

// fluteRouter returns the Router of FLUTE over sessions that have no actor; drain empties them.
func fluteRouter() (router *routing.Router, drain func()) {
	var boxes []*receiving.Inbox
	router = routing.New(routing.Config{
		Reception: &receiving.Reception{ID: 1, Limits: actors.Limits{Bytes: 1 << 20}}, Counters: &routing.Counters{},
		Open: func(in *receiving.Inbox) { boxes = append(boxes, in) },
	})
	return router, func() {
		for _, b := range boxes {
			b.Discard()
		}
	}
}

// TestReadDoesNotAllocate: 64 datagrams of four sessions, parsed far enough to route, and posted as four batches.
func TestReadDoesNotAllocate(t *testing.T) {
	router, drain := fluteRouter()
	e := endpoint(router, packets(t, 4))
	read := socket.NewReader(e)
	turn := func() {
		if err := read(); err != nil {
			t.Fatal(err)
		}
		drain()
	}
	turn()
	turn()
	if n := testing.AllocsPerRun(100, turn); n != 0 {
		t.Errorf("%v allocations for a batch of 64 datagrams", n)
	}
	if n := e.Slabs(); n != 0 {
		t.Errorf("%d slabs are out", n)
	}
	if router.Owners() != 4 {
		t.Errorf("%d sessions, want 4", router.Owners())
	}
}

func BenchmarkRead(b *testing.B) {
	for _, sessions := range []int{1, 4} {
		b.Run(fmt.Sprint(sessions), func(b *testing.B) {
			router, drain := fluteRouter()
			read := socket.NewReader(endpoint(router, packets(b, sessions)))
			b.ReportAllocs()
			for b.Loop() {
				if err := read(); err != nil {
					b.Fatal(err)
				}
				drain()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/64, "ns/datagram")
		})
	}
}

// echo is a protocol of two owners, told apart by the first byte, that shows what the loop does.
type echo struct {
	flows [2]socket.Flow
	feeds [2]feed
	lost  map[socket.Loss]int

	absent int // owners that are not there
}

type feed struct {
	slab                              *slab.Slab
	gathered, offered, refused, ended int
	full                              atomic.Bool
	waits                             bool // it has no room, until it is pressed
	pressed                           bool
}

// stall takes all room from f for a time.
func (f *feed) stall(d time.Duration) {
	f.full.Store(true)
	time.AfterFunc(d, func() { f.full.Store(false) })
}

func (f *feed) Begin(s *slab.Slab)        { f.slab = s }
func (f *feed) Add(*slab.Datagram)        { f.gathered++ }
func (f *feed) HasRoom(int) bool          { return !f.full.Load() && (!f.waits || f.pressed) }
func (f *feed) Offer() int                { f.offered += f.take(); return f.ended }
func (f *feed) Refuse() int               { f.refused += f.take(); return 0 }
func (f *feed) Abandon() int              { return f.take() }
func (e *echo) Owners() int               { return 2 - e.absent }
func (*echo) Warnings() []string          { return nil }
func (e *echo) Lose(n int, w socket.Loss) { e.lost[w] += n }

func (e *echo) Route(_ time.Time, d *slab.Datagram) *socket.Flow {
	switch {
	case len(d.Data) == 0:
		return nil
	case d.Data[0] > 1:
		panic("a bug in the router")
	}
	return &e.flows[d.Data[0]]
}

func (f *feed) Press() bool {
	news := f.waits && !f.pressed
	f.pressed = f.pressed || news
	return news
}

func (f *feed) take() (n int) {
	f.slab.Release()
	n, f.slab, f.gathered = f.gathered, nil, 0
	return n
}

func newEcho() *echo {
	e := &echo{lost: map[socket.Loss]int{}}
	for i := range e.feeds {
		e.flows[i] = socket.NewFlow(&e.feeds[i])
	}
	return e
}

// TestOtherProtocol: the loop serves any Router. Whatever happens, each datagram is offered, refused or lost, once.
func TestOtherProtocol(t *testing.T) {
	d := func(b ...byte) slab.Datagram { return slab.Datagram{Data: b} }
	for name, c := range map[string]struct {
		datagrams        []slab.Datagram
		set              func(e *echo)
		offered, refused int
		lost             map[socket.Loss]int
	}{
		"two owners": {datagrams: []slab.Datagram{d(0), d(1), d(0)}, offered: 3},
		"nobody's":   {datagrams: []slab.Datagram{d(0), d(), d(1)}, offered: 2},
		"too long": {
			datagrams: []slab.Datagram{d(0), {Data: []byte{1}, Truncated: true}}, offered: 1,
			lost: map[socket.Loss]int{socket.LossTooLong: 1},
		},
		"a full one": {
			datagrams: []slab.Datagram{d(0), d(1), d(1)}, set: func(e *echo) { e.feeds[1].full.Store(true) },
			offered: 1, refused: 2,
		},
		"one is over": {
			datagrams: []slab.Datagram{d(0), d(1)}, set: func(e *echo) { e.feeds[1].ended = 1 },
			offered: 2, lost: map[socket.Loss]int{socket.LossClosed: 1},
		},
		"a panic": {datagrams: []slab.Datagram{d(0), d(1), d(9), d(0)}, lost: map[socket.Loss]int{socket.LossCrash: 4}},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEcho()
			if c.set != nil {
				c.set(e)
			}
			end := endpoint(e, &source{c.datagrams})
			read := socket.NewReader(end)
			func() {
				defer func() { _ = recover() }()
				_ = read()
			}()
			offered, refused := e.feeds[0].offered+e.feeds[1].offered, e.feeds[0].refused+e.feeds[1].refused
			if offered != c.offered || refused != c.refused {
				t.Errorf("%d offered, %d refused; want %d, %d", offered, refused, c.offered, c.refused)
			}
			if !maps.Equal(e.lost, c.lost) {
				t.Errorf("lost: %v, want %v", e.lost, c.lost)
			}
			if n := end.Slabs(); n > 1 { // one may wait to be filled further
				t.Errorf("%d slabs are out", n)
			}
		})
	}
}

// joiningSource has one message in each slot of a slab: three datagrams, of which the second is too long for endpoint.
type joiningSource struct{ slots int }

func (*joiningSource) Joins() bool  { return true }
func (*joiningSource) Close() error { return nil }

func (s *joiningSource) ReadBatch(b *slab.Slab, out []slab.Datagram) (n int, _ error) {
	s.slots = min(len(b.Bytes())/slab.MessageSize, len(out)/slab.MessageDatagrams)
	for i := range s.slots {
		slot := b.Bytes()[i*slab.MessageSize:]
		for _, length := range []int{1400, 3000, 1400} {
			out[n] = slab.Datagram{Data: slot[:length]}
			n++
		}
	}
	return n, nil
}

// TestJoinedMessages: a source that joins datagrams gets slots of its size, and datagrams that are too long are lost
// with it as without. Those that there is no memory for are counted, each of them.
func TestJoinedMessages(t *testing.T) {
	const messages = 3
	memory, e, s := slab.NewMemory(messages*slab.MessageSize), newEcho(), &joiningSource{}
	end := socket.NewEndpoint(socket.Config{
		ID: 1, Memory: memory, MaxDatagram: 2048, Batch: 64, Messages: messages,
	}, s)
	end.Add(e, nil)
	read := socket.NewReader(end)
	if err := read(); err != nil {
		t.Fatal(err)
	}
	if s.slots != messages || e.feeds[0].offered != 2*messages || e.lost[socket.LossTooLong] != messages {
		t.Errorf("%d slots, %d offered, lost %v", s.slots, e.feeds[0].offered, e.lost)
	}
	held := memory.Pool(messages * slab.MessageSize).Get()
	defer held.Release()
	if err := read(); err != nil {
		t.Fatal(err)
	}
	if s.slots != 1 || e.lost[socket.LossMemory] != 3 || end.Read() != 3*messages+3 {
		t.Errorf("%d slots, %d read, lost %v", s.slots, end.Read(), e.lost)
	}
}

// fullSource fills each slab, and keeps no pointer to it.
type fullSource struct{ bytes weak.Pointer[byte] }

func (s *fullSource) ReadBatch(b *slab.Slab, out []slab.Datagram) (int, error) {
	s.bytes = weak.Make(&b.Bytes()[0])
	size := len(b.Bytes()) / len(out)
	for i := range out {
		out[i] = slab.Datagram{Data: b.Bytes()[i*size : (i+1)*size]}
	}
	return len(out), nil
}
func (s *fullSource) Joins() bool  { return false }
func (s *fullSource) Close() error { return nil }

// TestReaderKeepsNoBytes: a slab that its Memory has given up is not kept in memory by a reader that has read into it.
func TestReaderKeepsNoBytes(t *testing.T) {
	s := &fullSource{}
	e := endpoint(newEcho(), s)
	read := socket.NewReader(e)
	if err := read(); err != nil {
		t.Fatal(err)
	}
	e.Close()
	runtime.GC()
	if s.bytes.Value() != nil {
		t.Error("the slab of the last read is kept")
	}
	runtime.KeepAlive(read)
}
