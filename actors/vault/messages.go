package vault

import (
	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/flute/receiver"
)

// Message is what the store actor takes.
//
//sumtype:decl
type Message interface{ isMessage() }

// Run is sent by a receiving session; Ran goes to ReplyTo once the work has run or has failed to run.
type Run struct {
	Work    *receiver.Work
	ReplyTo *actor.PID
}

// free is sent by a worker to the store actor: there is room for another job.
type free struct{}

func (Run) isMessage()  {}
func (free) isMessage() {}

// Ran is what the store actor emits.
type Ran struct{ Work *receiver.Work }
