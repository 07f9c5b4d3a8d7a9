package actors

import (
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/internal/panicked"
)

// Crash is a panic that was caught, as the reason which supervisors get and as an error. It is immutable.
type Crash struct {
	Value   any    // what was given to panic
	Stack   []byte // stack of the goroutine that panicked
	Actor   string // id of the PID; empty for a Work in a lane
	Message string // Go type of the message in the handler; empty for a Work in a lane
	Blame   string // what the actor blamed, see blamer
}

// Error returns one line without the stack. That of a Work, which may run code of an application, says where it was.
func (c *Crash) Error() string {
	if c.Actor == "" {
		return fmt.Sprintf("actors: panic: %v%s", c.Value, panicked.At(c.Stack))
	}
	return fmt.Sprintf("actors: %s panicked on %s: %v", c.Actor, c.Message, c.Value)
}

// Unwrap returns the value of the panic when it is an error, so that errors.Is and errors.As see what Fault was given.
func (c *Crash) Unwrap() error {
	err, _ := c.Value.(error)
	return err
}

// Fault fails the running actor with a fault of this machine or program, for its supervisor to decide about. It does
// nothing when err is nil. Faults of the peer are not for Fault: they are dropped and counted.
func Fault(err error) {
	if err != nil {
		panic(err)
	}
}

// blamer is implemented by an actor that knows what it was working on, such as a source block. The Guard asks it after
// a panic, under recover, on the goroutine of the actor; the same answer twice means that a restart does not help.
type blamer interface {
	// Blame names the work in hand; empty means not known.
	Blame() string
}

// newCrash must be called by the deferred function that recovered v, where the stack still shows the panic. If v was
// passed on from another goroutine, the stack is the one that it came with.
func newCrash(v any) *Crash {
	if c, ok := v.(*Crash); ok {
		return c
	}
	p := panicked.Of(v)
	return &Crash{Value: p.Value, Stack: p.Stack}
}

// crashIn adds what is known about the actor.
func crashIn(v any, ctx actor.Context, inner actor.Actor) *Crash {
	c := newCrash(v)
	c.Actor = ctx.Self().GetId()
	c.Message = fmt.Sprintf("%T", ctx.Message())
	if b, ok := inner.(blamer); ok {
		func() {
			// The state of the actor is suspect: that it cannot even say what it did must not hide the first panic.
			defer func() { _ = recover() }()
			c.Blame = b.Blame()
		}()
	}
	return c
}
