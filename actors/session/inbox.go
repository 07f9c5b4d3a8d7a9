package session

import (
	"sync/atomic"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/object"
	"github.com/flute-node/flute-node/actors/vault"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/internal/slab"
)

// Inbox is where a reader puts the datagrams of one receiving session, and the memory of that session. The reader makes
// it with the first datagram, so that nothing is lost while the session's actor comes up, and offers to it until it is
// closed. It stays the same while the actor, or Sessions, is made anew after a crash.
type Inbox struct {
	Reception *Reception
	Key       flute.SessionKey
	limits    actors.Limits
	mailbox   *actors.Mailbox
	losses    losses
	free      freeList
	closed    atomic.Bool
	standing  atomic.Uint32 // unproven, proven or yielding: settled between the reader and the session
	gone      atomic.Bool   // nothing of the session is left
	name      string        // of the actor; set by Memory.Add

	newest *slab.Slab // of the Packets that were offered last; belongs to the reader

	// These belong to the session's actor, and to Sessions while there is none.
	ledger  *receiver.Ledger
	desk    *object.Desk
	jobs    map[*vault.Job]string // not brought to an object yet, with the id of its PID
	spawned int                   // object actors so far, for their names
	over    bool                  // the core has ended
	end     *event.SessionClosed  // to be emitted when the actor is gone, with the last counts; nil: nothing to tell

	// These belong to Sessions.
	loop   ownLoop
	ending string // why the session was told to end; empty: it was not
}

// The defaults of an Inbox's limits: what a session may have waiting while the disk or the scheduler stalls it. A
// message may be one datagram: at 40 Mbit/s there are as many in four seconds. Beyond that datagrams wait in the
// kernel.
const (
	DefaultInboxBytes    = 24 << 20
	DefaultInboxMessages = 16 << 10
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
	in.mailbox = actors.NewMailbox(limits, func(d actors.Data, why actors.Loss) { in.losses.count(left(d), why) })
	return in
}

// Closed reports whether the session is over: the next datagram of the key opens another.
func (in *Inbox) Closed() bool { return in.closed.Load() }

// The standing of a session. Whichever of the session and its reader is first to change it decides.
const (
	unproven uint32 = iota // no valid FDT Instance yet
	proven
	yielding // it gives its place to another session
)

// yieldReason is why a session ends that gave way.
const yieldReason = "it gave way to other sessions"

// IsProven reports whether a valid FDT Instance of the session was received.
func (in *Inbox) IsProven() bool { return in.standing.Load() == proven }

// Gone reports whether nothing of the session is left: neither actor nor memory.
func (in *Inbox) Gone() bool { return in.gone.Load() }

// Yield ends the session in favour of another one, if it still stands as its reader believes. The reader offers nothing
// to it afterwards.
func (in *Inbox) Yield(isProven bool) bool {
	from := unproven
	if isProven {
		from = proven
	}
	if !in.standing.CompareAndSwap(from, yielding) {
		return false
	}
	in.mailbox.PostUserMessage(tick{}) // to look at its standing
	return true
}

// Batch returns empty Packets over s, which the caller has retained for them.
func (in *Inbox) Batch(s *slab.Slab) *Packets { return in.free.get(s) }

// Discard releases what is queued, for an Inbox whose actor could not be spawned. It is counted as lost.
func (in *Inbox) Discard() { in.mailbox.Close() }

// HasRoom reports whether Offer will take a batch of up to n bytes, and should: a session that does not keep up may hold as
// many slabs as are left for all others, so that any number of such sessions leaves some.
func (in *Inbox) HasRoom(n, slabsLeft int) bool {
	st := in.mailbox.Stats()
	return st.Data == 0 ||
		st.Bytes+n <= in.limits.Bytes && st.Data < in.limits.Messages && int(in.free.pinned.Load()) <= slabsLeft
}

// Offer hands p over, whatever becomes of it. It returns how many datagrams the session cannot count any more, because
// it is over.
func (in *Inbox) Offer(p *Packets) (late int) {
	// While something is queued, what was queued last holds its slab: the same address is the same slab.
	if p.Slab != in.newest || in.mailbox.Stats().Data == 0 {
		in.newest, p.pins = p.Slab, true
		in.free.pinned.Add(1)
	}
	if in.mailbox.Offer(p) {
		return 0
	}
	return in.losses.late()
}

// Refuse is Offer for an Inbox that has no room.
func (in *Inbox) Refuse(p *Packets) (late int) {
	in.losses.count(left(p), actors.LossFull)
	p.Release()
	return in.losses.late()
}

// begin makes the memory of the session, unless it is there.
func (in *Inbox) begin() {
	if in.ledger == nil {
		in.ledger, in.desk = receiver.NewLedger(in.Reception.Config, in.Key), object.NewDesk()
		in.jobs = map[*vault.Job]string{}
	}
}

type inboxKey struct {
	reception uint64
	session   flute.SessionKey
}

func (in *Inbox) key() inboxKey { return inboxKey{in.Reception.ID, in.Key} }
