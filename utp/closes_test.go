package utp

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flute-node/flute-node/actors/utp/port"
	"github.com/flute-node/flute-node/internal/slab"
	"github.com/flute-node/flute-node/internal/udp"
	"github.com/flute-node/flute-node/utp/core"
)

var closes = flag.Int("closes", 400, "how many connections TestCloses begins and ends")

// lossy is one end of a simulated link: the Source of a Socket. Each datagram takes 10 ms, unless it is lost.
type lossy struct {
	addr netip.AddrPort
	peer *lossy
	wake chan struct{}

	mu     sync.Mutex
	dice   *rand.Rand
	loss   float64
	queue  []late
	closed bool
}

type late struct {
	at   time.Time
	data []byte
}

const lossyDelay = 10 * time.Millisecond

// newLossy returns two ends.
func newLossy(seed uint64, loss float64) (a, b *lossy) {
	a = &lossy{addr: netip.MustParseAddrPort("10.0.0.1:1000"), wake: make(chan struct{}, 1), loss: loss}
	b = &lossy{addr: netip.MustParseAddrPort("10.0.0.2:1000"), wake: make(chan struct{}, 1), loss: loss}
	a.dice, b.dice = rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 2))
	a.peer, b.peer = b, a
	return a, b
}

func (l *lossy) Joins() bool { return false }

func (l *lossy) LocalAddr() netip.AddrPort { return l.addr }

func (l *lossy) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.tell()
	return nil
}

func (l *lossy) tell() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *lossy) WriteBatch(datagrams []udp.Outgoing) (int, error) {
	for i := range datagrams {
		_ = l.WriteTo(datagrams[i].Data, datagrams[i].To)
	}
	return len(datagrams), nil
}

func (l *lossy) WriteTo(b []byte, _ netip.AddrPort) error {
	l.mu.Lock()
	lost := l.dice.Float64() < l.loss
	l.mu.Unlock()
	if lost {
		return nil
	}
	l.peer.mu.Lock()
	defer l.peer.mu.Unlock()
	l.peer.queue = append(l.peer.queue, late{time.Now().Add(lossyDelay), bytes.Clone(b)})
	l.peer.tell()
	return nil
}

func (l *lossy) ReadBatch(s *slab.Slab, out []slab.Datagram) (int, error) {
	for {
		n, wait, err := l.poll(s, out)
		if n > 0 || err != nil {
			return n, err
		}
		if wait == 0 {
			<-l.wake
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-l.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

func (l *lossy) poll(s *slab.Slab, out []slab.Datagram) (n int, wait time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return 0, 0, net.ErrClosed
	}
	slot := len(s.Bytes()) / len(out)
	for ; n < len(out) && len(l.queue) > 0; n++ {
		if wait = time.Until(l.queue[0].at); wait > 0 {
			break
		}
		place := s.Bytes()[n*slot : n*slot : (n+1)*slot]
		out[n] = slab.Datagram{Data: append(place, l.queue[0].data...), Source: l.peer.addr}
		l.queue[0] = late{}
		l.queue = l.queue[1:]
	}
	return n, wait, nil
}

// ending is how one end of a connection ends it.
type ending int

const (
	closesWhenDone   ending = iota // Close once it has read to the end
	closesAfterWrite               // Close at once after what it writes, without reading
	halfCloses                     // CloseWrite, reads to the end, Close
	aborts                         // resets after what it writes
	closesAtOnce                   // Close without a byte written or read
	closesMidway                   // Close while its Write waits for room
	endings
)

// told is what one end of a connection saw.
type told struct {
	ending   ending
	accepted int    // bytes that Write took
	got      []byte // bytes that Read returned
	read     error  // io.EOF after all
	closed   error
}

// use writes n bytes of the stream, reads, and ends the connection.
func use(c *Conn, how ending, stream []byte) (t told) {
	t.ending = how
	var all sync.WaitGroup
	write := func() {
		t.accepted, _ = c.Write(stream)
		if how == halfCloses || how == closesWhenDone {
			_ = c.CloseWrite()
		}
	}
	c.SetLinger(time.Minute)
	_ = c.SetWriteDeadline(time.Now().Add(20 * time.Second)) // neither end may read
	switch how {
	case closesWhenDone, halfCloses:
		all.Go(write)
		t.got, t.read = io.ReadAll(c)
		if t.read == nil {
			t.read = io.EOF
		}
		all.Wait()
	case closesAfterWrite:
		write()
	case closesMidway:
		all.Go(write)
		time.Sleep(5 * lossyDelay)
	case aborts:
		write()
		c.SetLinger(0)
	case closesAtOnce:
	}
	t.closed = c.Close()
	all.Wait()
	return t
}

// check reports what is wrong with what reached one end of what the other end wrote.
func check(from, to told, stream []byte) error {
	reads := to.ending == closesWhenDone || to.ending == halfCloses
	complete := len(to.got) == from.accepted && errors.Is(to.read, io.EOF)
	switch {
	case !bytes.HasPrefix(stream, to.got):
		return errors.New("other bytes")
	case len(to.got) > from.accepted && from.ending != closesMidway: // Write of that one is cut off while it counts
		return fmt.Errorf("%d bytes of %d", len(to.got), from.accepted)
	case reads && from.ending != aborts && errors.Is(to.read, io.EOF) && len(to.got) < from.accepted:
		return fmt.Errorf("io.EOF after %d of %d bytes", len(to.got), from.accepted)
	case reads && from.ending != aborts && from.closed == nil && !complete && to.closed == nil:
		return fmt.Errorf("no error, and %d of %d bytes, %w", len(to.got), from.accepted, to.read)
	case reads && from.ending != aborts && from.closed == nil && !complete:
		return fmt.Errorf("the writer has no error; %d of %d bytes, %w", len(to.got), from.accepted, to.read)
	}
	return nil
}

// TestCloses begins and ends connections over the real actors, on a link that loses a tenth of the datagrams each way,
// in all combinations of who ends them how, and what is queued then. All bytes that were accepted are delivered, or an
// error is returned; and nothing is left. `-closes 10000` runs many.
func TestCloses(t *testing.T) {
	n := *closes
	if testing.Short() {
		n = min(n, 150)
	}
	synctest.Test(t, func(t *testing.T) {
		s, err := Start(Config{})
		if err != nil {
			t.Fatal(err)
		}
		x, y := newLossy(1, 0.1)
		cfg := SocketConfig{Backlog: 128, MaxConns: 1000, Conn: core.Config{
			SendBuffer: 64 << 10, ReceiveBuffer: 64 << 10, ConnectTries: 15, MaxTimeouts: 15, HalfOpenLife: time.Minute,
		}}
		a, err := s.openOver(x, x.addr, cfg, func() (port.Source, error) { return x, nil })
		if err != nil {
			t.Fatal(err)
		}
		b, err := s.openOver(y, y.addr, cfg, func() (port.Source, error) { return y, nil })
		if err != nil {
			t.Fatal(err)
		}
		l, err := b.Listen()
		if err != nil {
			t.Fatal(err)
		}
		random := rand.New(rand.NewPCG(7, 7))
		counts := map[string]int{}
		var before runtime.MemStats
		const together = 50
		for done := 0; done < n; done += together {
			if done == together*2 {
				runtime.GC()
				runtime.ReadMemStats(&before)
			}
			round(t, a, l, random, counts)
			if t.Failed() {
				return
			}
		}
		time.Sleep(2 * time.Minute) // longer than anything lingers
		for _, socket := range []*Socket{a, b} {
			if n := socket.port.Slabs(); n > 2 { // what the reader waits with
				t.Errorf("%d slabs are left", n)
			}
			st, err := socket.Stats(t.Context())
			if err != nil || st.Conns > 0 || st.Handshakes.HalfOpen > 0 {
				t.Errorf("%d connections, %d half-open ones are left; %v", st.Conns, st.Handshakes.HalfOpen, err)
			}
		}
		if _, channels := s.Left(); channels > 0 {
			t.Errorf("%d channels are left", channels)
		}
		var after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&after)
		grown := int64(after.HeapAlloc) - int64(before.HeapAlloc)
		t.Logf("%d connections: %v; the heap grew by %d KB after the first %d", n, counts, grown>>10, 2*together)
		// protoactor's registry keeps some 500 bytes for each of its 32,768 maps that was used once. A connection that
		// was forgotten would cost ten times that.
		if grown > 1<<20+600*int64(n) {
			t.Errorf("the heap grew by %d KB", grown>>10)
		}
		_ = l.Close()
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		if sockets, channels := s.Left(); sockets+channels > 0 {
			t.Errorf("%d sockets and %d channels are left", sockets, channels)
		}
		time.Sleep(time.Second) // protoactor's throttle of its log leaves a goroutine for its interval
	})
}

// round begins and ends some connections at once.
func round(t *testing.T, a *Socket, l *Listener, random *rand.Rand, counts map[string]int) {
	sizes := []int{0, 1, 3000, 40_000, 200_000}
	stream := make([]byte, sizes[len(sizes)-1])
	for i := range stream {
		stream[i] = byte(random.Uint32())
	}
	const together = 50
	type plan struct{ dialled, accepted ending }
	plans, there, back := make([]plan, together), make([]int, together), make([]int, together)
	for i := range together {
		plans[i] = plan{ending(random.IntN(int(endings))), ending(random.IntN(int(endings)))}
		there[i], back[i] = sizes[random.IntN(len(sizes))], sizes[random.IntN(len(sizes))]
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	for i := range together {
		c, err := a.Dial(t.Context(), l.socket.local)
		if err != nil {
			t.Errorf("dial: %v", err)
			return
		}
		_ = l.SetDeadline(time.Now().Add(time.Minute))
		d, err := l.AcceptUTP()
		if err != nil {
			t.Errorf("accept: %v", err)
			return
		}
		var near, far told
		var both sync.WaitGroup
		both.Go(func() { near = use(c, plans[i].dialled, stream[:there[i]]) })
		both.Go(func() { far = use(d, plans[i].accepted, stream[:back[i]]) })
		all.Go(func() {
			both.Wait()
			what := fmt.Sprintf("%v %d, %v %d", plans[i].dialled, there[i], plans[i].accepted, back[i])
			if err := check(near, far, stream); err != nil {
				t.Errorf("%s: there: %v; closed with %v, %v", what, err, near.closed, far.closed)
			}
			if err := check(far, near, stream); err != nil {
				t.Errorf("%s: back: %v; closed with %v, %v", what, err, far.closed, near.closed)
			}
			mu.Lock()
			defer mu.Unlock()
			if near.closed == nil && far.closed == nil {
				counts["delivered"]++
			} else {
				counts["with an error"]++
			}
		})
	}
	all.Wait()
}
