package actors

import (
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// ErrStopTimeout means that an actor, or a child of it, was still running at the deadline.
var ErrStopTimeout = errors.New("actors: actor did not stop in time")

// Stop stops the actor and its children, and waits until the actor has handled Stopped. The error wraps ErrStopTimeout and
// names the actor. It must not be called by an actor. Stopping an actor that is gone, or about to handle its Stopped, returns
// at once.
//
// It is used in place of protoactor's StopFuture, which gives up after 10 s and has a data race.
func Stop(s *System, pid *actor.PID, timeout time.Duration) error {
	registry := s.system.ProcessRegistry
	process, ok := registry.Get(pid)
	if !ok {
		return nil
	}
	w := waiter{done: make(chan struct{}, 1)}
	self, ok := registry.Add(w, "stop"+registry.NextId())
	if !ok {
		return fmt.Errorf("actors: stop %s: no name for the waiter", pid.GetId())
	}
	defer registry.Remove(self)

	process.SendSystemMessage(pid, &actor.Watch{Watcher: self})
	process.Stop(pid)

	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	select {
	case <-w.done:
		return nil
	case <-deadline.C:
		return fmt.Errorf("%w: %s after %v", ErrStopTimeout, pid.GetId(), timeout)
	}
}

// waiter is a process that waits for one Terminated.
type waiter struct{ done chan struct{} }

func (w waiter) SendSystemMessage(_ *actor.PID, msg any) {
	if _, ok := msg.(*actor.Terminated); ok {
		select {
		case w.done <- struct{}{}:
		default:
		}
	}
}

func (w waiter) SendUserMessage(*actor.PID, any) {}
func (w waiter) Stop(*actor.PID)                 {}
