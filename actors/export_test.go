package actors

import "github.com/asynkron/protoactor-go/actor"

// WithOnCrash returns s with a function that is shown every panic of the actor, also those that supervision does not
// hear of. It runs on the goroutine of the actor; a panic of its own is swallowed.
func WithOnCrash(s Spec, f func(*actor.PID, *Crash)) Spec {
	s.onCrash = f
	return s
}
