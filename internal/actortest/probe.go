package actortest

import (
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

// Probe is an actor that keeps what it receives. All of its incarnations are one value. The zero value is ready.
type Probe struct {
	// Handle, when set, is called for each message after it was kept, on the goroutine of the actor.
	Handle func(ctx actor.Context)

	mu       sync.Mutex
	messages []any
}

// Produce is for actors.Spec.Produce.
func (p *Probe) Produce() actor.Actor { return actor.ReceiveFunc(p.receive) }

// Take returns the messages since the last Take, those of the lifecycle included.
func (p *Probe) Take() []any {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.messages
	p.messages = nil
	return m
}

func (p *Probe) receive(ctx actor.Context) {
	p.mu.Lock()
	p.messages = append(p.messages, ctx.Message())
	p.mu.Unlock()
	if p.Handle != nil {
		p.Handle(ctx)
	}
}

// Received returns those messages of a Take that have type T.
func Received[T any](messages []any) []T {
	var of []T
	for _, m := range messages {
		if v, ok := m.(T); ok {
			of = append(of, v)
		}
	}
	return of
}
