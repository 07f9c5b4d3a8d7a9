package socket_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flute-node/flute-node/actors/socket"
	"github.com/flute-node/flute-node/internal/slab"
)

// script is a Source of one datagram at each of some times.
type script struct {
	at     []time.Time
	bad    int // the Router panics at so many of the last ones
	closed chan struct{}
}

func (s *script) Joins() bool  { return false }
func (s *script) Close() error { close(s.closed); return nil }

func (s *script) Wait(atMost time.Duration) (bool, error) {
	next := time.Hour
	if len(s.at) > 0 {
		next = time.Until(s.at[0])
	}
	if atMost == 0 {
		atMost = 2 * time.Hour
	}
	select {
	case <-s.closed:
		return false, errClosed
	case <-time.After(next):
		return true, nil
	case <-time.After(atMost):
		return false, nil
	}
}

func (s *script) ReadBatch(b *slab.Slab, out []slab.Datagram) (int, error) {
	select {
	case <-s.closed:
		return 0, errClosed
	case <-time.After(time.Until(s.at[0])):
	}
	s.at = s.at[1:]
	b.Bytes()[0] = 0
	if len(s.at) < s.bad {
		b.Bytes()[0] = 1
	}
	out[0] = slab.Datagram{Data: b.Bytes()[:1]}
	return 1, nil
}

var errClosed = errors.New("closed")

// gatherer is a Router with one owner, which has a Feed that waits for up to most datagrams.
type gatherer struct {
	flow     socket.Flow
	owners   int
	most     int
	held     []*slab.Slab
	gathered int
	began    time.Time
	handed   []handed
	lost     int
	panics   bool // at the next batch
}

// handed is a batch that was handed over.
type handed struct {
	datagrams int
	after     time.Duration
}

func newGatherer(owners, most int) *gatherer {
	g := &gatherer{owners: owners, most: most, began: time.Now()}
	g.flow = socket.NewFlow(g)
	return g
}

func (g *gatherer) Route(_ time.Time, d *slab.Datagram) *socket.Flow {
	if d.Data[0] != 0 {
		panic("a bug in the router")
	}
	return &g.flow
}
func (g *gatherer) Owners() int               { return g.owners }
func (g *gatherer) Lose(n int, _ socket.Loss) { g.lost += n }
func (g *gatherer) Warnings() []string        { return nil }
func (g *gatherer) Begin(s *slab.Slab)        { g.held = append(g.held, s) }
func (g *gatherer) Add(*slab.Datagram)        { g.gathered++ }
func (g *gatherer) HasRoom(int) bool          { return true }
func (g *gatherer) MayWait() bool             { return g.gathered < g.most }
func (g *gatherer) Refuse() int               { return g.take() }
func (g *gatherer) Abandon() int              { return g.take() }
func (g *gatherer) Offer() int {
	n := g.take()
	if g.panics {
		g.panics = false
		panic("a bug in the feed")
	}
	g.handed = append(g.handed, handed{n, time.Since(g.began)})
	return 0
}

func (g *gatherer) take() (n int) {
	for _, s := range g.held {
		s.Release()
	}
	n, g.gathered, g.held = g.gathered, 0, nil
	return n
}

// TestKept: of many owners one is handed several reads at once: so many datagrams as it waits for, or what has come in
// 100 ms. One of few is handed each read.
func TestKept(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		owners, most int
		at           []time.Duration
		spent        bool // most of the memory is
		remove       time.Duration
		close        time.Duration
		want         []handed
	}{
		"few": {owners: 64, most: 3, at: []time.Duration{0, 10 * ms}, want: []handed{{1, 0}, {1, 10 * ms}}},
		"as many as it waits for": {
			owners: 65, most: 3, at: []time.Duration{0, 10 * ms, 30 * ms, 40 * ms},
			want: []handed{{3, 30 * ms}, {1, 140 * ms}},
		},
		"in a silence": {
			owners: 65, most: 3, at: []time.Duration{0, 10 * ms}, want: []handed{{2, 100 * ms}},
		},
		"the next batch": {
			owners: 65, most: 9, at: []time.Duration{0, 90 * ms, 130 * ms},
			want: []handed{{2, 100 * ms}, {1, 230 * ms}},
		},
		"no memory to wait with": {
			owners: 65, most: 3, at: []time.Duration{0, 10 * ms}, spent: true, want: []handed{{1, 0}, {1, 10 * ms}},
		},
		"the Router is removed": {
			owners: 65, most: 3, at: []time.Duration{0}, remove: 20 * ms, want: []handed{{1, 20 * ms}},
		},
		"the socket is closed": {
			owners: 65, most: 3, at: []time.Duration{0}, close: 20 * ms, want: []handed{{1, 20 * ms}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGatherer(c.owners, c.most)
				s := &script{closed: make(chan struct{})}
				for _, d := range c.at {
					s.at = append(s.at, g.began.Add(d))
				}
				memory := slab.NewMemory(8 * 64 * 2048)
				e := socket.NewEndpoint(socket.Config{ID: 1, Memory: memory, MaxDatagram: 2048, Batch: 64}, s)
				e.Add(g, nil)
				if c.spent {
					pool := memory.Pool(5 * 64 * 2048)
					defer pool.Get().Release()
				}
				if err := e.Resume(); err != nil {
					t.Fatal(err)
				}
				if c.remove > 0 {
					time.Sleep(c.remove)
					e.Remove(g)
				} else if c.close == 0 {
					time.Sleep(time.Second)
				}
				time.Sleep(c.close)
				e.Close()
				if !slices.Equal(g.handed, c.want) {
					t.Errorf("%v, want %v", g.handed, c.want)
				}
				if n := e.Slabs(); n != 0 || g.lost != 0 {
					t.Errorf("%d slabs are out, %d datagrams lost", n, g.lost)
				}
			})
		})
	}
}

// watched returns an Endpoint that reads s for g, and where the end of its reader is told.
func watched(t *testing.T, g *gatherer, s *script) (e *socket.Endpoint, ended chan error) {
	t.Helper()
	e = socket.NewEndpoint(socket.Config{
		ID: 1, Memory: slab.NewMemory(8 * 64 * 2048), MaxDatagram: 2048, Batch: 64,
	}, s)
	e.Add(g, nil)
	ended = make(chan error, 1)
	e.Watch(func(err error) { ended <- err })
	if err := e.Resume(); err != nil {
		t.Fatal(err)
	}
	return e, ended
}

// TestKeptAfterACrash: what is kept is handed over when the reader has crashed at another datagram, which is counted.
func TestKeptAfterACrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGatherer(65, 3)
		s := &script{closed: make(chan struct{}), at: []time.Time{g.began, g.began.Add(50 * time.Millisecond)}, bad: 1}
		e, ended := watched(t, g, s)
		if err := <-ended; err == nil {
			t.Error("the reader has not crashed")
		}
		if want := []handed{{1, 50 * time.Millisecond}}; !slices.Equal(g.handed, want) || g.lost != 1 {
			t.Errorf("%v handed over, want %v; %d lost", g.handed, want, g.lost)
		}
		e.Close()
		if n := e.Slabs(); n != 0 {
			t.Errorf("%d slabs are out", n)
		}
	})
}

// TestKeptCrashes: a Feed that panics at what was kept, in a silence, ends the reader. Whoever looks after it hears of
// that, and a new one reads on.
func TestKeptCrashes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGatherer(65, 3)
		g.panics = true
		s := &script{closed: make(chan struct{}), at: []time.Time{g.began, g.began.Add(time.Second)}}
		e, ended := watched(t, g, s)
		select {
		case err := <-ended:
			if err == nil {
				t.Error("the reader has not crashed")
			}
		case <-time.After(time.Second / 2):
			t.Fatal("the reader hangs")
		}
		if err := e.Resume(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		e.Close()
		if want := []handed{{1, 1100 * time.Millisecond}}; !slices.Equal(g.handed, want) || e.Slabs() != 0 {
			t.Errorf("%v handed over, want %v; %d slabs are out", g.handed, want, e.Slabs())
		}
	})
}

// TestKeptWithoutMemory: what is kept is handed over when there is no memory to read into, before anything is lost.
func TestKeptWithoutMemory(t *testing.T) {
	const ms = time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		g := newGatherer(65, 3)
		s := &script{closed: make(chan struct{}), at: []time.Time{g.began, g.began.Add(30 * ms)}}
		memory := slab.NewMemory(8 * 64 * 2048)
		e := socket.NewEndpoint(socket.Config{ID: 1, Memory: memory, MaxDatagram: 2048, Batch: 64}, s)
		e.Add(g, nil)
		if err := e.Resume(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * ms)
		var spent []*slab.Slab
		for _, size := range []int{64 * 2048, 2048, 64} {
			for pool := memory.Pool(size); ; {
				b := pool.Get()
				if b == nil {
					break
				}
				spent = append(spent, b)
			}
		}
		time.Sleep(time.Second)
		e.Close()
		if want := []handed{{1, 30 * ms}}; !slices.Equal(g.handed, want) || g.lost != 1 {
			t.Errorf("%v handed over, want %v; %d lost, want the one there was no memory for", g.handed, want, g.lost)
		}
		for _, b := range spent {
			b.Release()
		}
	})
}
