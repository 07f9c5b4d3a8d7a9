package simnet

import (
	"bytes"
	"container/heap"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/flute-node/flute-node/internal/slab"
)

// DefaultBuffer is how many bytes may wait at a Receiver to be read: enough for tests whose sender does not pace
// itself.
const DefaultBuffer = 64 << 20

// holdTime is how long a datagram that was held back waits for others to overtake it.
const holdTime = 10 * time.Millisecond

// Receiver is one end of flows. ReadBatch is not safe for concurrent use; the other methods are.
type Receiver struct {
	network *Network
	cfg     JoinConfig
	number  uint64
	wake    chan struct{} // holds a token when something has changed since the reader looked

	mu      sync.Mutex
	flows   map[*Sender]*flow
	order   []*flow // the same, in the order of their first datagrams
	queue   queue
	arrived uint64 // ever
	waiting int    // bytes in queue
	drops   uint64
	closed  bool
}

// flow is what one Sender sends to one Receiver.
type flow struct {
	link   *Link
	source netip.AddrPort
	last   time.Time // when the last datagram was sent
}

func (r *Receiver) hears(s *Sender) bool {
	return r.cfg.Group == s.to && (!r.cfg.Source.IsValid() || r.cfg.Source == s.source.Addr())
}

// take carries datagrams over the link of their flow into the queue.
func (r *Receiver) take(s *Sender, datagrams [][]byte, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	f := r.flows[s]
	if f == nil {
		seed := r.network.flowSeed(r.cfg.Link.Seed, r.number, s.number)
		f = &flow{link: r.cfg.Link.fresh(seed), source: s.source}
		r.flows[s] = f
		r.order = append(r.order, f)
	}
	f.last = now
	for _, d := range datagrams {
		r.enqueue(f, f.link.Carry(d), now)
	}
	r.awake()
}

// enqueue puts what arrives into the queue, or counts it as dropped when the buffer is full.
func (r *Receiver) enqueue(f *flow, datagrams [][]byte, now time.Time) {
	for _, d := range datagrams {
		due := now.Add(f.link.latency())
		if r.waiting+len(d) > r.cfg.Buffer {
			r.drops++
			continue
		}
		r.waiting += len(d)
		r.arrived++
		heap.Push(&r.queue, queued{data: bytes.Clone(d), source: f.source, due: due, number: r.arrived})
	}
}

// errNoRoom is a mistake of the caller.
var errNoRoom = errors.New("simnet: no room for a datagram in the slab")

func (r *Receiver) awake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Joins returns false: each datagram comes by itself.
func (r *Receiver) Joins() bool { return false }

// ReadBatch blocks until datagrams are there and fills out with as many as are due. Their bytes are in s, in slots of
// equal size, one for each element of out. After Close the error is net.ErrClosed.
func (r *Receiver) ReadBatch(s *slab.Slab, out []slab.Datagram) (int, error) {
	if len(out) == 0 || len(s.Bytes()) < len(out) {
		return 0, errNoRoom
	}
	for {
		n, next, err := r.poll(s, out)
		if n > 0 || err != nil {
			return n, err
		}
		r.sleep(next)
	}
}

// Wait blocks until ReadBatch would not, for atMost at most unless that is 0. It reports whether that is so. After
// Close the error is net.ErrClosed.
func (r *Receiver) Wait(atMost time.Duration) (bool, error) {
	var end time.Time
	if atMost > 0 {
		end = time.Now().Add(atMost)
	}
	for {
		there, next, err := r.isDue()
		switch {
		case there || err != nil:
			return there, err
		case !end.IsZero() && !time.Now().Before(end):
			return false, nil
		case !end.IsZero() && (next.IsZero() || end.Before(next)):
			next = end
		}
		r.sleep(next)
	}
}

// isDue reports whether a datagram is due, or when to look again; the zero time: when something changes.
func (r *Receiver) isDue() (there bool, next time.Time, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false, time.Time{}, net.ErrClosed
	}
	now := time.Now()
	next = r.flush(now)
	if len(r.queue) > 0 {
		if due := r.queue[0].due; !due.After(now) {
			return true, time.Time{}, nil
		} else if next.IsZero() || due.Before(next) {
			next = due
		}
	}
	return false, next, nil
}

// sleep waits until something changes, or until next if that is not zero.
func (r *Receiver) sleep(next time.Time) {
	if next.IsZero() {
		<-r.wake
		return
	}
	timer := time.NewTimer(time.Until(next))
	defer timer.Stop()
	select {
	case <-r.wake:
	case <-timer.C:
	}
}

// poll returns what is due, or else when to look again; the zero time: when something changes.
func (r *Receiver) poll(s *slab.Slab, out []slab.Datagram) (n int, next time.Time, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return 0, time.Time{}, net.ErrClosed
	}
	now := time.Now()
	next = r.flush(now)
	slot := len(s.Bytes()) / len(out)
	for n < len(out) && len(r.queue) > 0 && !r.queue[0].due.After(now) {
		q := heap.Pop(&r.queue).(queued)
		r.waiting -= len(q.data)
		b := s.Bytes()[n*slot : (n+1)*slot : (n+1)*slot]
		k := copy(b, q.data)
		out[n] = slab.Datagram{Data: b[:k], Source: q.source, Truncated: k < len(q.data)}
		n++
	}
	if len(r.queue) > 0 && (next.IsZero() || r.queue[0].due.Before(next)) {
		next = r.queue[0].due
	}
	return n, next, nil
}

// flush lets the datagrams arrive that nothing overtakes any more, and returns when others will have waited too long.
func (r *Receiver) flush(now time.Time) (next time.Time) {
	for _, f := range r.order {
		if f.link.Stats().Held == 0 {
			continue
		}
		if end := f.last.Add(holdTime); !end.After(now) {
			r.enqueue(f, f.link.Flush(), now)
		} else if next.IsZero() || end.Before(next) {
			next = end
		}
	}
	return next
}

// KernelDrops returns how many datagrams arrived while the buffer was full.
func (r *Receiver) KernelDrops() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.drops
}

// Stats returns the counts of all flows together. Arrived includes KernelDrops, and what was not read yet.
func (r *Receiver) Stats() (all Stats) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.order {
		s := f.link.Stats()
		all.Carried += s.Carried
		all.Lost += s.Lost
		all.Dropped += s.Dropped
		all.Duplicated += s.Duplicated
		all.Reordered += s.Reordered
		all.Held += s.Held
		all.Arrived += s.Arrived
	}
	return all
}

// LocalAddr returns the group and port.
func (r *Receiver) LocalAddr() netip.AddrPort { return r.cfg.Group }

// Close leaves the group and ends a ReadBatch that is blocked. What was not read is lost.
func (r *Receiver) Close() error {
	r.network.leave(r)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.queue = nil
	r.awake()
	return nil
}
