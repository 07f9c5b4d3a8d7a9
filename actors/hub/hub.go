package hub

import (
	"slices"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
)

// Subscribers is the hub's memory. The node makes it once, so that subscriptions survive a crash of the hub.
type Subscribers struct{ list []*Subscription }

// Spec returns how the hub is spawned, over its memory. Its name for faults is "hub".
func Spec(s *Subscribers, faults *actors.Faults) actors.Spec {
	return actors.Spec{Produce: func() actor.Actor { return &hub{s} }, Faults: faults, Name: "hub", Kind: kindOf}
}

type hub struct{ *Subscribers }

// Receive implements actor.Actor.
func (h *hub) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case Message:
		h.receive(ctx, m)
	case *actor.Restarting:
		// The message that it crashed at is lost. That it was an event is more likely than not.
		for _, s := range h.list {
			s.miss()
		}
	case *actor.Stopping:
		for _, s := range h.list {
			s.close()
		}
		h.list = nil
	}
}

func (h *hub) receive(ctx actor.Context, m Message) {
	switch m := m.(type) {
	case Publish:
		for _, s := range h.list {
			s.offer(m.Event)
		}
	case Subscribe:
		if !slices.Contains(h.list, m.Subscription) { // else it was sent again
			h.list = append(h.list, m.Subscription)
		}
		ctx.Respond(Subscribed{})
	case Flush:
		ctx.Respond(Flushed{})
	case Unsubscribe:
		for i, s := range h.list {
			if s == m.Subscription {
				h.list = append(h.list[:i:i], h.list[i+1:]...)
				s.close()
				return
			}
		}
	}
}
