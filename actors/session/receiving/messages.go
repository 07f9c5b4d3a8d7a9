package receiving

import (
	"sync/atomic"
	"time"

	"github.com/flute-node/flute-node/actors/lanes"
	"github.com/flute-node/flute-node/actors/object"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/slab"
	"github.com/flute-node/flute-node/supervisor"
)

// message is what a receiving session takes, beside object.Reported from its objects and supervisor.ChildGaveUp from
// its supervisor. It emits [Closed], and hub.Publish and the messages of package object. It hands Works to the lanes.
//
//sumtype:decl
type message interface {
	// kind is the stable name of the message, for inject.Faults.
	kind() string
}

// Packets is sent by a reader: datagrams of one session in the order of arrival. Data queue. It is a buffer that
// changes hands: whoever has it owns it, and nobody else looks at it.
type Packets struct {
	Datagrams []datagram
	slabs     []*slab.Slab // hold the bytes; Packets has a reference to each
	refs      atomic.Int32 // to Packets: one, and one for each batch of an object
	feed      uint8        // that they came on
	done      int          // datagrams that the session has handled
	free      *freeList
	pinned    int64 // bytes of the slabs that nothing before it in its Inbox holds
}

// datagram is one of Packets.
type datagram struct {
	Data []byte // a view into one of the slabs
	Port uint16 // UDP source port
}

// Close is sent by Sessions, in any state, after [Inbox.End]: what is whole is published, the rest fails.
type Close struct{}

// Inspect is sent by the node, in any state. Answered with [State].
type Inspect struct {
	Objects int       // that are told at most
	TOI     flute.TOI // not 0: this object alone, if it has not ended
	Ranges  int       // of what that one lacks, at most
}

// State answers Inspect.
type State struct {
	Counters    flute.Counters
	Held        uint64 // bytes of memory
	Objects     []event.ObjectState
	ObjectCount int
	Account     event.Account
	Feeds       []event.FeedStats // of a session that has several
	Rate        uint64            // bits of UDP payload in the latest second
	Bytes       uint64            // of UDP payload that came
	Latest      time.Time         // when datagrams came last; zero: none have come
}

// tick is sent by the session's own timer, and by its reader when the session has to yield.
type tick struct{}

// ran is sent by a lane: a Work has run, or has failed to.
type ran struct{ entry *lanes.Entry }

func (*Packets) kind() string { return "packets" }
func (Close) kind() string    { return "close" }
func (Inspect) kind() string  { return "inspect" }
func (tick) kind() string     { return "tick" }
func (ran) kind() string      { return "ran" }

// IgnoreDeadLetterLogging tells that a Work may come back after its session.
func (ran) IgnoreDeadLetterLogging() {}

// Closed is emitted to the parent when the session is over. The parent stops the actor.
type Closed struct{ Inbox *Inbox }

// kindOf names what a receiving session takes.
func kindOf(m any) string {
	switch m := m.(type) {
	case message:
		return m.kind()
	case object.Reported:
		return "reported"
	case supervisor.ChildGaveUp:
		return "child_gave_up"
	}
	return ""
}
