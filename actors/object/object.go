package object

import (
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/receiver"
)

// New returns the actor for toi of the session that l remembers. It must run on the goroutine that owns l.
func New(l *receiver.Ledger, toi flute.TOI) actor.Actor {
	return &object{core: receiver.NewObject(l, toi)}
}

type object struct {
	core  *receiver.Object
	ended bool // Report with Ended was sent
}

// Receive implements actor.Actor.
func (o *object) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		o.core.Resume(time.Now())
	case Message:
		o.receive(m)
	default:
		return
	}
	o.report(ctx)
}

func (o *object) receive(m Message) {
	now := time.Now()
	switch m := m.(type) {
	case *Packets:
		for m.done < len(m.Packets) {
			o.core.Handle(now, &m.Packets[m.done])
			m.done++
		}
	case Describe:
		o.core.Describe(now)
	case WorkDone:
		o.core.Done(now, m.Work)
	case Cancel:
		o.core.Cancel(m.Reason, m.Detail)
	}
}

// Blame names the source block in hand for the supervisor: the same twice means that a restart does not help.
func (o *object) Blame() string {
	sbn, ok := o.core.Block()
	if !ok {
		return ""
	}
	return fmt.Sprintf("source block %d", sbn)
}

// report tells the session what happened, if anything did.
func (o *object) report(ctx actor.Context) {
	f := o.core.Effects()
	ended := o.core.Ended() && !o.ended
	if len(f.Events) == 0 && f.Work == nil && !ended {
		return
	}
	o.ended = o.ended || ended
	ctx.Send(ctx.Parent(), Report{From: ctx.Self(), Events: f.Events, Work: f.Work, Ended: ended})
}
