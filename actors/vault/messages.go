package vault

import (
	"github.com/asynkron/protoactor-go/actor"
)

// Message is what the store actor takes.
//
//sumtype:decl
type Message interface {
	// kind is the stable name of the message, for actors.Faults.
	kind() string
}

// Run is sent by a session; Ran goes to ReplyTo once the Job has run or has failed to run. A Job that was sent before is not
// run again.
type Run struct {
	Job     *Job
	ReplyTo *actor.PID // nil: nobody wants to know
}

// free is sent by a worker to the store actor: there is room for another job.
type free struct{}

func (Run) kind() string  { return "run" }
func (free) kind() string { return "free" }

// Ran is what the store actor emits.
type Ran struct{ Job *Job }

// kindOf names what the store actor takes.
func kindOf(m any) string {
	if m, ok := m.(Message); ok {
		return m.kind()
	}
	return ""
}
