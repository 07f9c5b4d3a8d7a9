package session

import (
	"github.com/flute-node/flute-node/actors/session/receiving"
	"github.com/flute-node/flute-node/actors/session/sending"
	"github.com/flute-node/flute-node/supervisor"
)

// message is what Sessions takes, beside receiving.Closed from a session. It emits receiving.Close and sending.Close to
// sessions, and hub.Publish.
//
//sumtype:decl
type message interface {
	// kind is the stable name of the message, for inject.Faults.
	kind() string
}

// Open is sent by a reader when the first datagram of a session arrived; the datagrams wait in the Inbox, which the
// Ledger knows already.
type Open struct{ Inbox *receiving.Inbox }

// Start is sent by the node: run a sending session, which the Ledger knows already. Answered with Started. It may be
// sent again if the answer fails to come.
type Start struct{ Session *sending.Ledger }

// Started answers Start: the actor is there, under the name that Ledger.Send has returned.
type Started struct{}

// Drain is sent by the node, after it closed the sockets: end the sessions of a Reception, or all for 0. Answered with
// Drained once none of them is left.
type Drain struct {
	Reception uint64
	Reason    string
	// AtOnce gives up those that are still ending: a store or a Consumer does not answer them. Objects that are being
	// published fail.
	AtOnce bool
}

// Drained answers Drain.
type Drained struct{}

func (Open) kind() string  { return "open" }
func (Start) kind() string { return "start" }
func (Drain) kind() string { return "drain" }

// kindOf names what Sessions takes.
func kindOf(m any) string {
	switch m := m.(type) {
	case message:
		return m.kind()
	case receiving.Closed:
		return "closed"
	case supervisor.ChildGaveUp:
		return "child_gave_up"
	}
	return ""
}
