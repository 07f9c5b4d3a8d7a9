package actors

import (
	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors/inject"
)

// Spec says how to spawn one kind of actor. It is a value; the zero value of each field but Produce is a usable
// default.
type Spec struct {
	// Produce builds one incarnation of the actor, on the goroutine of the actor, when it starts or restarts. Required.
	Produce func() actor.Actor
	// Mailbox is the handle to use. The Props then spawn one actor at a time. Nil: each actor gets one of its own, with
	// the default Limits.
	Mailbox *Mailbox
	// Dispatcher says where the actor runs. Nil: on a goroutine that lives while there is work.
	Dispatcher actor.Dispatcher
	// Strategy supervises the children of the actor, unless the actor is a strategy itself. Nil: protoactor's default,
	// ten restarts in ten seconds, then stop. Use one value per spawned actor when it keeps state.
	Strategy actor.SupervisorStrategy
	// Faults are injected into the actor. Nil: none, at no cost.
	Faults *inject.Faults
	// Name is the stable name of the actor for Faults, such as "session/7". Empty: the id of its PID.
	Name string
	// Kind returns the stable name of a message for Faults, such as "packets"; empty, or Kind nil: it has none.
	Kind    func(message any) string
	onCrash func(*actor.PID, *Crash) // shown every panic; set by tests only
}

// Props returns the Props for Spawn. Build them once per kind of actor, or per Mailbox.
func (s Spec) Props() *actor.Props {
	opts := []actor.PropsOption{actor.WithMailbox(func() actor.Mailbox {
		if s.Mailbox != nil {
			return s.Mailbox
		}
		return NewMailbox(Limits{}, nil)
	})}
	if s.Dispatcher != nil {
		opts = append(opts, actor.WithDispatcher(s.Dispatcher))
	}
	return actor.PropsFromProducer(s.guard, opts...)
}

func (s Spec) guard() actor.Actor {
	return &guard{
		produce: s.Produce, strategy: s.Strategy, faults: s.Faults, name: s.Name, kind: s.Kind, onCrash: s.onCrash,
	}
}
