package actors

import "github.com/asynkron/protoactor-go/actor"

type inline struct{}

// Inline returns the dispatcher that runs an actor on the goroutine of whoever posts to it. The mailbox still serializes:
// a message posted while the actor runs is queued and handled by the running turn.
//
// A post from a foreign goroutine, such as a Stop from outside, runs the actor there. Objects of a session are better
// given the Loop of the session and fed with Mailbox.Deliver, which is inline for the session and queued for all others.
func Inline() actor.Dispatcher { return inline{} }

func (inline) Schedule(fn func()) { fn() }
func (inline) Throughput() int    { return 300 }
