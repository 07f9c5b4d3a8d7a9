package actors

import (
	"context"
	"errors"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"
)

// Stop stops the actor and its children, and waits until the actor has handled Stopped. The error names the actor and
// wraps that of ctx, which has ended before. It must not be called by an actor. Stopping an actor that is gone, or
// about to handle its Stopped, returns at once.
//
// It is used in place of protoactor's StopFuture, which gives up after 10 s and has a data race.
func Stop(ctx context.Context, s *System, pid *actor.PID) error {
	registry := s.system.ProcessRegistry
	process, ok := registry.Get(pid)
	if !ok {
		return nil
	}
	q := question{make(chan any, 1)}
	self, ok := registry.Add(q, "stop"+registry.NextId())
	if !ok {
		return errors.New("actors: stop " + pid.GetId() + ": no name for the question")
	}
	defer registry.Remove(self)
	process.SendSystemMessage(pid, &actor.Watch{Watcher: self})
	process.Stop(pid)
	select {
	case <-q.answer: // Terminated: it was asked nothing else
		return nil
	case <-ctx.Done():
		return fmt.Errorf("actors: %s has not stopped: %w", pid.GetId(), ctx.Err())
	}
}
