package object

import (
	"fmt"
	"strconv"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/receiver"
)

// Spec returns how the actor for toi is spawned, of the session whose core l is. It must run on the goroutine that owns
// l and d. Its name for faults is "object/7-1", with TSI and TOI.
func Spec(l *receiver.Ledger, d *Ledger, toi flute.TOI) actors.Spec {
	return actors.Spec{
		Produce: func() actor.Actor { return &object{core: l.NewObject(toi), ledger: d} },
		Name:    "object/" + strconv.FormatUint(uint64(l.Key().TSI), 10) + "-" + toi.String(), Kind: kindOf,
	}
}

type object struct {
	core   *receiver.Object
	ledger *Ledger
	worked bool // a Work has come back since the last report
	ended  bool // it was reported
}

// Receive implements actor.Actor.
func (o *object) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		o.start(ctx)
	case Message:
		o.receive(ctx, m)
	default:
		return
	}
	o.report(ctx)
}

// start goes on after a crash; it finds nothing to do for a new object. The message that was lost in the crash may have
// been any.
func (o *object) start(ctx actor.Context) {
	now := time.Now()
	o.works(ctx, now)
	o.core.Resume(now)
	o.core.Describe(now)
}

func (o *object) receive(ctx actor.Context, m Message) {
	now := time.Now()
	switch m := m.(type) {
	case *Packets:
		for m.done < len(m.packets) {
			o.core.Handle(now, &m.packets[m.done])
			m.done++
			m.done += o.core.HandleAlike(now, m.packets[m.done:])
		}
	case *Put:
		m.handle(now, o.core)
		o.worked = true // the session waits for it
	case Describe:
		o.core.Describe(now)
	case WorkDone:
		o.works(ctx, now)
	}
}

// works takes what has been run. A Work that makes the core crash stays in the Ledger, for the next incarnation to
// crash at, until the supervisor has enough.
func (o *object) works(ctx actor.Context, now time.Time) {
	id := ctx.Self().Id
	for len(o.ledger.landed[id]) > 0 {
		o.worked = true
		o.core.Done(now, o.ledger.landed[id][0])
		if o.ledger.landed[id] = o.ledger.landed[id][1:]; len(o.ledger.landed[id]) == 0 {
			delete(o.ledger.landed, id)
		}
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

// report tells the session what happened, if anything did. The end of a Work always is something: it may have given
// back the memory that the session waits for.
func (o *object) report(ctx actor.Context) {
	f := o.core.Effects()
	ended := o.core.Ended() && !o.ended
	if len(f.Events) == 0 && len(f.Works) == 0 && !ended && !o.worked {
		return
	}
	o.worked, o.ended = false, o.ended || ended
	if o.ledger.put(&report{From: ctx.Self(), Events: latest(f.Events), Works: f.Works, Ended: ended}) {
		ctx.Send(ctx.Parent(), Reported{})
	}
}

// latest leaves of the progress in one turn the last.
func latest(events []event.Event) []event.Event {
	rest := events[:0]
	for _, e := range events {
		p, is := e.(event.ObjectProgress)
		if last := len(rest) - 1; is && last >= 0 && p.Outdates(rest[last]) {
			rest = rest[:last]
		}
		rest = append(rest, e)
	}
	return rest
}
