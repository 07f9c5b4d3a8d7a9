package session

import (
	"github.com/flute-node/flute-node/actors/session/receiving"
	"github.com/flute-node/flute-node/actors/session/sending"
)

// Message is what Sessions takes, beside receiving.Closed from a session. It emits receiving.Close and sending.Close to
// sessions, and hub.Publish.
//
//sumtype:decl
type Message interface{ isMessage() }

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
}

// Drained answers Drain.
type Drained struct{}

func (Open) isMessage()  {}
func (Start) isMessage() {}
func (Drain) isMessage() {}
