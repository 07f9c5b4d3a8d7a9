package channel

import (
	"errors"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/flute-node/flute-node/internal/udp"
)

// Writer sends datagrams: a udp.Socket, or a simulated network.
type Writer interface {
	// WriteBatch sends datagrams in order and returns how many were sent. An error is about the first that was not.
	WriteBatch(datagrams []udp.Outgoing) (int, error)
}

const (
	// outboxSize is how many datagrams one system call sends.
	outboxSize = 64
	// retryAfter is the pause while the system takes no datagram at all.
	retryAfter = time.Millisecond
)

// Outbox gathers the datagrams of all channels of a socket, and sends them together. It belongs to the socket's
// goroutine. Where the system has no room they wait, and the channels with them.
type Outbox struct {
	writer Writer
	size   int
	arena  []byte
	queue  []udp.Outgoing
	first  int // of queue, that was not sent
	full   time.Time
	counts OutboxCounts
}

// OutboxCounts count datagrams. They may be read at any time.
type OutboxCounts struct {
	Sent   atomic.Uint64
	Lost   atomic.Uint64 // which the system refuses to send to their address: to the connection they are lost
	Waited atomic.Uint64 // times that the system had no room for any
}

// NewOutbox returns an empty Outbox for datagrams of size bytes at most.
func NewOutbox(w Writer, size int) *Outbox {
	return &Outbox{
		writer: w, size: size, arena: make([]byte, outboxSize*size), queue: make([]udp.Outgoing, 0, outboxSize),
	}
}

// Counts returns the counts.
func (o *Outbox) Counts() *OutboxCounts { return &o.counts }

// Next returns room for the next datagram; nil: there is none before Retry.
func (o *Outbox) Next(now time.Time) []byte {
	if len(o.queue) == outboxSize {
		if o.Flush(now); len(o.queue) == outboxSize {
			return nil
		}
	}
	at := len(o.queue) * o.size
	return o.arena[at : at : at+o.size]
}

// Push adds the datagram b, which was appended to what Next returned. With whole it is not to be fragmented.
func (o *Outbox) Push(b []byte, to netip.AddrPort, whole bool) {
	o.queue = append(o.queue, udp.Outgoing{Data: b, To: to, MayFragment: !whole})
}

// Len returns how many datagrams wait.
func (o *Outbox) Len() int { return len(o.queue) - o.first }

// Retry returns when what waits is to be flushed again; zero: at any time.
func (o *Outbox) Retry() time.Time { return o.full }

// Flush sends what waits, unless the system has just had no room.
func (o *Outbox) Flush(now time.Time) {
	if now.Before(o.full) {
		return
	}
	o.full = time.Time{}
	for o.first < len(o.queue) {
		n, err := o.writer.WriteBatch(o.queue[o.first:])
		o.first += n
		o.counts.Sent.Add(uint64(n))
		if err == nil {
			continue
		}
		if p := (*udp.PassingError)(nil); errors.As(err, &p) && p.IsFull() {
			o.counts.Waited.Add(1)
			o.full = now.Add(retryAfter)
			return
		}
		o.counts.Lost.Add(1)
		o.first++
	}
	o.queue, o.first = o.queue[:0], 0
}
