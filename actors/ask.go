package actors

import (
	"context"
	"errors"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"
)

// ErrGone means that the actor that was asked does not exist, or stopped before it answered.
var ErrGone = errors.New("actors: no such actor")

// Ask sends m to the actor and returns what it answers with actor.Context.Respond. The error wraps ErrGone if there is
// no such actor any more, a *Crash if it panicked over m, and the error of ctx if that ends first; then the actor may
// still handle m. An answer of another type than T is an error too. Ask must not be called by an actor. It is safe for
// concurrent use.
//
// It is used in place of protoactor's futures, which have a data race, and do not notice that an actor is gone.
func Ask[T any](ctx context.Context, s *System, to *actor.PID, m any) (answer T, err error) {
	got, err := ask(ctx, s, to, m)
	if err != nil {
		return answer, fmt.Errorf("actors: ask %s: %w", to.GetId(), err)
	}
	answer, ok := got.(T)
	if !ok {
		return answer, fmt.Errorf("actors: %s answers %T with %T", to.GetId(), m, got)
	}
	return answer, nil
}

func ask(ctx context.Context, s *System, to *actor.PID, m any) (any, error) {
	registry := s.system.ProcessRegistry
	process, ok := registry.Get(to)
	if !ok {
		return nil, ErrGone
	}
	q := question{make(chan any, 1)}
	self, ok := registry.Add(q, "ask"+registry.NextId())
	if !ok {
		return nil, errors.New("no name for the question")
	}
	defer registry.Remove(self)
	process.SendSystemMessage(to, &actor.Watch{Watcher: self})
	defer process.SendSystemMessage(to, &actor.Unwatch{Watcher: self})
	process.SendUserMessage(to, &actor.MessageEnvelope{Message: m, Sender: self})
	select {
	case got := <-q.answer:
		switch got := got.(type) {
		case *Crash:
			return nil, got
		case *actor.Terminated, *actor.DeadLetterResponse:
			return nil, ErrGone
		}
		return got, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// question is a process that waits for the first of: the answer, the end of the actor, its panic.
type question struct{ answer chan any }

func (q question) SendUserMessage(_ *actor.PID, m any) {
	_, m, _ = actor.UnwrapEnvelope(m)
	q.put(m)
}

func (q question) SendSystemMessage(_ *actor.PID, m any) {
	if m, ok := m.(*actor.Terminated); ok {
		q.put(m)
	}
}

func (q question) Stop(*actor.PID) {}

func (q question) put(m any) {
	select {
	case q.answer <- m:
	default: // it has its answer
	}
}

// answerCrash tells whoever asked for the message in the handler that it will not be answered.
func answerCrash(ctx actor.Context, c *Crash) {
	if ctx.Sender() == nil {
		return
	}
	if process, ok := ctx.ActorSystem().ProcessRegistry.Get(ctx.Sender()); ok {
		if q, ok := process.(question); ok {
			q.put(c)
		}
	}
}
