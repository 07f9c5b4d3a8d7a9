package session

import (
	"sync"
	"sync/atomic"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/vault"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/internal/slab"
)

// Inbox is where a reader puts the datagrams of one receiving session. The reader makes it with the first datagram, so
// that nothing is lost while the session's actor comes up, and offers to it until it is closed.
type Inbox struct {
	Reception *Reception
	Key       flute.SessionKey
	limits    actors.Limits
	mailbox   *actors.Mailbox
	losses    losses
	free      freeList
	closed    atomic.Bool
}

// The defaults of an Inbox's limits: what a session may have waiting while the disk or the scheduler stalls it. Beyond
// that datagrams wait in the kernel.
const (
	DefaultInboxBytes    = 24 << 20
	DefaultInboxMessages = 256
)

// NewInbox returns the Inbox of the session key.
func NewInbox(r *Reception, key flute.SessionKey, limits actors.Limits) *Inbox {
	if limits.Bytes == 0 {
		limits.Bytes = DefaultInboxBytes
	}
	if limits.Messages == 0 {
		limits.Messages = DefaultInboxMessages
	}
	in := &Inbox{Reception: r, Key: key, limits: limits}
	in.mailbox = actors.NewMailbox(limits, in.losses.count)
	return in
}

// Closed reports whether the session is over: the next datagram of the key opens another.
func (in *Inbox) Closed() bool { return in.closed.Load() }

// Batch returns empty Packets over s, which the caller has retained for them.
func (in *Inbox) Batch(s *slab.Slab) *Packets { return in.free.get(s) }

// Discard releases what is queued, for an Inbox whose actor could not be spawned. It is counted as lost.
func (in *Inbox) Discard() { in.mailbox.Close() }

// HasRoom reports whether Offer will take a batch of up to n bytes.
func (in *Inbox) HasRoom(n int) bool {
	st := in.mailbox.Stats()
	return st.Data == 0 || st.Bytes+n <= in.limits.Bytes && st.Data < in.limits.Messages
}

// Offer hands p over, whatever becomes of it.
func (in *Inbox) Offer(p *Packets) { in.mailbox.Offer(p) }

func (in *Inbox) vaultKey() vault.Key { return vault.Key{Reception: in.Reception.ID, Session: in.Key} }

// losses counts datagrams that never reached the Ledger. Readers and workers add, the session absorbs.
type losses struct{ full, closed, crash atomic.Int64 }

func (l *losses) count(d actors.Data, why actors.Loss) {
	n := int64(1)
	if p, ok := d.(*Packets); ok {
		n = int64(len(p.Datagrams) - p.done)
	}
	switch why {
	case actors.LossFull:
		l.full.Add(n)
	case actors.LossClosed:
		l.closed.Add(n)
	case actors.LossCrash:
		l.crash.Add(n)
	}
}

// absorb moves the counts into the Ledger.
func (l *losses) absorb(to *receiver.Ledger) {
	to.Drop(flute.DropMailbox, int(l.full.Swap(0)))
	to.Drop(flute.DropClosed, int(l.closed.Swap(0)))
	to.Drop(flute.DropFault, int(l.crash.Swap(0)))
}

// Add appends a datagram, a view into the slab.
func (p *Packets) Add(datagram []byte) { p.Datagrams = append(p.Datagrams, datagram) }

// Bytes implements actors.Data.
func (p *Packets) Bytes() int {
	n := 0
	for _, d := range p.Datagrams {
		n += len(d)
	}
	return n
}

// Release implements actors.Data.
func (p *Packets) Release() {
	p.Slab.Release()
	p.Slab, p.Datagrams, p.done = nil, p.Datagrams[:0], 0
	p.free.put(p)
}

// IgnoreDeadLetterLogging implements actors.Data.
func (p *Packets) IgnoreDeadLetterLogging() {}

// freeList holds Packets for reuse, between the reader and the session's goroutine.
type freeList struct {
	mu   sync.Mutex
	list []*Packets
}

// maxFree bounds a freeList: as many batches as a session usually has waiting.
const maxFree = 64

func (f *freeList) get(s *slab.Slab) *Packets {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := len(f.list)
	if n == 0 {
		return &Packets{Slab: s, free: f}
	}
	p := f.list[n-1]
	f.list = f.list[:n-1]
	p.Slab = s
	return p
}

func (f *freeList) put(p *Packets) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.list) < maxFree {
		f.list = append(f.list, p)
	}
}
