package receiving

import (
	"cmp"
	"sync/atomic"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/object"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/internal/bounds"
)

// Reception is what all sessions of one reception share. Its fields are not changed after it was made.
type Reception struct {
	ID     uint64
	Config *receiver.Config
	Limits actors.Limits // of each session's Inbox; zero ones are the defaults: 24 MiB and 16,384 messages
	// Deep says that the system holds so much of what nobody has read that sessions may be waited for for a moment,
	// whoever sends.
	Deep bool
	// Drops gets the datagrams of sessions that end without having been opened; nobody else hears of those.
	Drops interface {
		Drop(r flute.DropReason, n uint64)
	}

	proofs atomic.Uint64
	free   object.FreeList // what sessions that take turns use is in a cache still
}

// Proofs returns how many sessions have proved themselves so far. It is safe for concurrent use.
func (r *Reception) Proofs() uint64 { return r.proofs.Load() }

// Inbox joins a reader and the session whose datagrams it reads. The reader makes it with the first datagram, so that
// nothing is lost while the session's actor comes up. It stays the same while the actor, or its supervisor, is made
// anew after a crash. It is safe for concurrent use.
type Inbox struct {
	Reception *Reception
	Key       flute.SessionKey
	limits    actors.Limits
	mailbox   *actors.Mailbox
	losses    losses
	free      freeList
	closed    atomic.Bool
	standing  atomic.Uint32          // unproven, proven or yielding: settled between the reader and the session
	ending    atomic.Pointer[string] // why the session was told to end; nil: it was not
	pressed   atomic.Bool            // datagrams would have been lost if it had waited
	gone      atomic.Bool            // nothing of the session is left
}

// The defaults of an Inbox's limits: what a session may have waiting while the disk or the scheduler stalls it. A
// message may be one datagram: at 40 Mbit/s there are as many in four seconds. Beyond that datagrams wait in the
// kernel.
const (
	defaultBytes    = 24 << 20
	defaultMessages = 16 << 10
	// cacheBytes bounds what waits where the socket's buffer holds the rest: a cache of the processor is to have what
	// waits when its turn comes. It is two reads of datagrams that are joined.
	cacheBytes = 1 << 20
)

// NewInbox returns the Inbox of the session key.
func NewInbox(r *Reception, key flute.SessionKey) *Inbox {
	limits := withDefaults(r.Limits)
	in := &Inbox{Reception: r, Key: key, limits: limits}
	in.mailbox = actors.NewMailbox(limits, func(d actors.Data, why actors.Loss) {
		p := d.(*Packets) // nothing else is Data
		in.losses.count(p.feed, p.unhandled(), why)
	})
	return in
}

func withDefaults(limits actors.Limits) actors.Limits {
	return actors.Limits{
		Bytes: cmp.Or(limits.Bytes, defaultBytes), Messages: cmp.Or(limits.Messages, defaultMessages),
	}
}

// Bound returns what may wait in the Inbox of one session.
func (r *Reception) Bound() bounds.Bound {
	limits := withDefaults(r.Limits)
	return bounds.Bound{
		Part: "reads that wait for a session", Of: bounds.Session, Count: uint64(limits.Messages),
		Bytes: uint64(limits.Bytes), Within: bounds.Datagrams, Set: "node.ReceiveConfig.InboxBytes",
	}
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

// End tells the session to end, and why. A crash does not lose that. [Close] has it looked at.
func (in *Inbox) End(reason string) { in.ending.Store(&reason) }

// mayLag reports whether datagrams may wait for the session in the socket's buffer. A sender on this machine that has
// no rate looks how much waits there. Any other fills it, and then Press is called.
func (in *Inbox) mayLag() bool {
	return (in.Reception.Deep || in.Key.Source.IsLoopback()) && !in.pressed.Load()
}

// IsYielding reports whether the session was told to give way.
func (in *Inbox) IsYielding() bool { return in.standing.Load() == yielding }

// Gone reports whether nothing of the session is left: neither actor nor Ledger.
func (in *Inbox) Gone() bool { return in.gone.Load() }

// Forget makes Gone true. The supervisor calls it last.
func (in *Inbox) Forget() { in.gone.Store(true) }

// Discard releases what is queued, for an Inbox whose actor could not be spawned. It is counted as lost.
func (in *Inbox) Discard() { in.mailbox.Close() }

// Waiting returns how many messages wait for the session, each of which may be many datagrams.
func (in *Inbox) Waiting() int { return in.mailbox.UserMessageCount() }
