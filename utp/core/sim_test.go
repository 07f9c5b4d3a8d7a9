package core

import (
	"bytes"
	"container/heap"
	"errors"
	"io"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/flute-node/flute-node/utp/wire"
)

const ms = time.Millisecond

// sim is a network in virtual time: the same one in each run with the same seed.
type sim struct {
	t      testing.TB
	start  time.Time
	now    time.Time
	dice   *rand.Rand
	events simEvents
	number int
	ends   []*end
}

func newSim(t testing.TB, seed uint64) *sim {
	start := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	return &sim{t: t, start: start, now: start, dice: rand.New(rand.NewPCG(seed, 1))}
}

type simEvent struct {
	at     time.Time
	number int
	do     func()
}

type simEvents []simEvent

func (q simEvents) Len() int { return len(q) }
func (q simEvents) Less(i, j int) bool {
	if !q[i].at.Equal(q[j].at) {
		return q[i].at.Before(q[j].at)
	}
	return q[i].number < q[j].number
}
func (q simEvents) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *simEvents) Push(x any)   { *q = append(*q, x.(simEvent)) }
func (q *simEvents) Pop() any {
	old := *q
	e := old[len(old)-1]
	*q = old[:len(old)-1]
	return e
}

// at has do called at a time, now at the earliest.
func (s *sim) at(t time.Time, do func()) {
	if t.Before(s.now) {
		t = s.now
	}
	s.number++
	heap.Push(&s.events, simEvent{t, s.number, do})
}

// run lets time pass until stop says so or for d, and reports whether stop did.
func (s *sim) run(d time.Duration, stop func() bool) bool {
	until := s.now.Add(d)
	for len(s.events) > 0 {
		if stop != nil && stop() {
			return true
		}
		if s.events[0].at.After(until) {
			break
		}
		e := heap.Pop(&s.events).(simEvent)
		s.now = e.at
		e.do()
	}
	if stop != nil && stop() {
		return true
	}
	s.now = until
	return false
}

func (s *sim) elapsed() time.Duration { return s.now.Sub(s.start) }

// path is one direction of a link. Ends may share it.
type path struct {
	s     *sim
	delay time.Duration
	rate  float64       // bits per second; zero: no limit
	queue time.Duration // longest queue

	loss, duplicate, reorder, flip float64
	late                           time.Duration // of packets that are reordered
	mtu                            int           // of UDP payload that may not be fragmented; zero: no limit
	drop                           func(p []byte) bool
	stills                         *standstills

	busy    time.Time
	carried int
	bytes   int // since measure
	dropped int
	waits   []time.Duration // in the queue, since measure
}

const ipUDP = 28 // bytes of headers of IPv4 and UDP

func (p *path) carry(b []byte, whole bool, deliver func([]byte)) {
	p.carried++
	s := p.s
	lost := s.dice.Float64() < p.loss
	twice := s.dice.Float64() < p.duplicate
	late := s.dice.Float64() < p.reorder
	flip := s.dice.Float64() < p.flip
	bit := s.dice.IntN(8 * len(b))
	if lost || whole && p.mtu > 0 && len(b) > p.mtu || p.drop != nil && p.drop(b) {
		p.dropped++
		return
	}
	arrives := s.now.Add(p.delay)
	if p.rate > 0 {
		if p.busy.Before(s.now) {
			p.busy = s.now
		}
		wait := p.busy.Sub(s.now)
		if wait > p.queue {
			p.dropped++
			return
		}
		p.waits = append(p.waits, wait)
		p.busy = p.busy.Add(time.Duration(float64(len(b)+ipUDP) * 8e9 / p.rate))
		arrives = p.busy.Add(p.delay)
	}
	p.bytes += len(b) + ipUDP
	arrives = p.stills.end(arrives)
	if late {
		arrives = arrives.Add(p.late)
	}
	b = bytes.Clone(b)
	if flip {
		b[bit/8] ^= 1 << (bit % 8)
	}
	s.at(arrives, func() { deliver(b) })
	if twice {
		s.at(arrives.Add(time.Millisecond), func() { deliver(b) })
	}
}

// measure forgets what was measured.
func (p *path) measure() { p.bytes, p.waits, p.dropped = 0, p.waits[:0], 0 }

// queueing returns a quantile of the time that packets waited.
func (p *path) queueing(q float64) time.Duration {
	if len(p.waits) == 0 {
		return 0
	}
	w := slices.Clone(p.waits)
	slices.Sort(w)
	return w[int(q*float64(len(w)-1))]
}

// end is a program with a connection, or with Handshakes that begin one.
type end struct {
	s    *sim
	name string
	conn *Conn
	door *Handshakes
	out  *path
	peer *end
	addr netip.AddrPort
	wake time.Time

	toWrite   []byte // what is still to be written
	total     int    // bytes that were written
	closing   bool   // CloseWrite once all is written
	closes    bool   // Close instead
	lazy      bool   // does not read
	answers   bool   // calls Close when the peer has finished
	aborts    bool   // calls Abort once all is written
	got       []byte
	received  int
	forgets   bool // does not keep what it reads
	endless   bool // has always something to write
	eof       bool
	err       error
	events    Event
	sent      []string // types of packets
	onWire    int      // bytes
	largest   int
	clockSkew func(time.Time) time.Time
	lateness  time.Duration // of its timers
	buf       []byte
	stills    *standstills
}

// pair returns two ends, the first of which is to dial, over two paths.
func (s *sim) pair(cfg Config, there, back *path) (*end, *end) {
	return s.pairOf(cfg, cfg, there, back)
}

func (s *sim) pairOf(cfgA, cfgB Config, there, back *path) (*end, *end) {
	s.t.Helper()
	there.s, back.s = s, s
	n := uint16(len(s.ends))
	a := &end{s: s, name: "a", out: there, addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, 1}), 1000+n)}
	b := &end{s: s, name: "b", out: back, addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 1, 1}), 1000+n)}
	a.peer, b.peer = b, a
	var err error
	if b.door, err = NewHandshakes(cfgB, func() uint16 { return uint16(s.dice.Uint32()) }); err != nil {
		s.t.Fatal(err)
	}
	if a.door, err = NewHandshakes(cfgA, func() uint16 { return uint16(s.dice.Uint32()) }); err != nil {
		s.t.Fatal(err)
	}
	if a.conn, err = Dial(s.now, cfgA, wire.ConnID(s.dice.Uint32()), wire.Seq(s.dice.Uint32())); err != nil {
		s.t.Fatal(err)
	}
	s.ends = append(s.ends, a, b)
	s.at(s.now, a.pump)
	return a, b
}

func (e *end) now() time.Time {
	if e.clockSkew != nil {
		return e.clockSkew(e.s.now)
	}
	return e.s.now
}

func (e *end) deliver(b []byte) {
	if at := e.stills.end(e.s.now); at.After(e.s.now) {
		e.s.at(at, func() { e.deliver(b) })
		return
	}
	if e.conn == nil || e.conn.Done() {
		if e.door != nil {
			c, answer := e.door.Handle(e.now(), e.peer.addr, b, nil)
			if answer != nil {
				e.out.carry(answer, true, e.peer.deliver)
			}
			if c != nil && e.conn == nil {
				e.conn = c
			}
		}
	} else {
		e.conn.Handle(e.now(), b)
	}
	e.pump()
}

// pump does what a program does after anything has happened.
func (e *end) pump() {
	if e.conn == nil {
		return
	}
	now := e.now()
	e.app(now)
	for {
		pkt, whole, ok := e.conn.AppendNext(e.buf[:0], now)
		e.buf = pkt
		if !ok {
			break
		}
		kind, _, _ := wire.Peek(pkt)
		if len(e.sent) < 1000 {
			e.sent = append(e.sent, kind.String())
		}
		e.onWire += len(pkt)
		e.largest = max(e.largest, len(pkt))
		e.out.carry(pkt, whole, e.peer.deliver)
	}
	if e.app(now) {
		e.s.at(e.s.now, e.pump)
	}
	at := e.conn.Deadline()
	if at.IsZero() {
		return
	}
	if e.clockSkew != nil {
		at = at.Add(e.s.now.Sub(now))
	}
	if at.Before(e.s.now) {
		e.s.t.Fatalf("%s: deadline %v before now", e.name, at.Sub(e.s.now))
	}
	if e.wake.After(e.s.now) && !at.Before(e.wake) {
		return
	}
	e.wake = at
	e.s.at(at.Add(e.lateness), func() {
		if e.wake.Equal(at) {
			e.wake = time.Time{}
			e.pump()
		}
	})
}

// app writes, reads and closes, and reports whether it did.
func (e *end) app(now time.Time) (did bool) {
	c := e.conn
	e.events |= c.Events()
	if e.err == nil {
		e.err = c.Err()
	}
	if e.endless && len(e.toWrite) == 0 {
		e.toWrite = make([]byte, 64<<10)
	}
	for len(e.toWrite) > 0 { // what Write refuses with an error is not written
		n, err := c.Write(now, e.toWrite)
		e.toWrite = e.toWrite[n:]
		if err != nil {
			e.toWrite = nil
		}
		e.total += n
		did = did || n > 0
		if n == 0 || err != nil {
			break
		}
	}
	if len(e.toWrite) == 0 && e.closing {
		e.closing, did = false, true
		c.CloseWrite(now)
	}
	if len(e.toWrite) == 0 && e.closes {
		e.closes, did = false, true
		c.Close(now)
	}
	if len(e.toWrite) == 0 && e.aborts {
		e.aborts, did = false, true
		c.Abort(now)
	}
	var buf [32 << 10]byte
	for !e.lazy && !e.eof {
		n, err := c.Read(now, buf[:])
		e.received += n
		if !e.forgets {
			e.got = append(e.got, buf[:n]...)
		}
		e.eof = errors.Is(err, io.EOF)
		did = did || n > 0
		if n == 0 || err != nil {
			break
		}
	}
	if e.answers && e.eof && len(e.toWrite) == 0 {
		e.answers, did = false, true
		c.Close(now)
	}
	return did
}

// pattern returns n bytes that tell where they are from.
func pattern(n int, seed uint64) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(seed, 2))
	for i := 0; i < n; i += 8 {
		v := r.Uint64()
		for j := i; j < min(i+8, n); j++ {
			b[j] = byte(v >> (8 * (j - i)))
		}
	}
	return b
}

// done reports whether all ends need nothing any more.
func (s *sim) done() bool {
	return !slices.ContainsFunc(s.ends, func(e *end) bool { return e.conn == nil || !e.conn.Done() })
}
