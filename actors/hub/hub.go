package hub

import (
	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/inject"
)

// Spec returns how the hub is spawned, over its Subscribers. Its name for faults is "hub".
func Spec(s *Subscribers, faults *inject.Faults) actors.Spec {
	return actors.Spec{Produce: func() actor.Actor { return &hub{s} }, Faults: faults, Name: "hub", Kind: kindOf}
}

type hub struct{ subscribers *Subscribers }

// Receive implements actor.Actor.
func (h *hub) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case message:
		h.receive(ctx, m)
	case *actor.Restarting:
		// The message that it crashed at is lost. That it was an event is more likely than not.
		for _, s := range h.subscribers.all() {
			s.miss()
		}
	}
}

func (h *hub) receive(ctx actor.Context, m message) {
	switch m := m.(type) {
	case Publish:
		for _, s := range h.subscribers.all() {
			s.offer(m.Event)
		}
	case Flush:
		ctx.Respond(Flushed{})
	case Unsubscribe:
		h.subscribers.remove(m.Subscription)
	}
}
