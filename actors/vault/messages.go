package vault

import (
	"github.com/asynkron/protoactor-go/actor"
)

// Message is what the store actor takes.
//
//sumtype:decl
type Message interface{ isMessage() }

// Run is sent by a session; Ran goes to ReplyTo once the Job has run or has failed to run. A Job that was sent before is not
// run again.
type Run struct {
	Job     *Job
	ReplyTo *actor.PID // nil: nobody wants to know
}

// free is sent by a worker to the store actor: there is room for another job.
type free struct{}

func (Run) isMessage()  {}
func (free) isMessage() {}

// Ran is what the store actor emits.
type Ran struct{ Job *Job }
