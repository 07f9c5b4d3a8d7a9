package receiving

import (
	"fmt"
	"strconv"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/hub"
	"github.com/flute-node/flute-node/actors/lanes"
	"github.com/flute-node/flute-node/actors/object"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/supervisor"
)

// child is an object's actor.
type child struct {
	pid     *actor.PID
	mailbox *actors.Mailbox
}

// deliver runs the object's actor on the batch that was gathered, inside of this handler.
func (s *session) deliver(ctx actor.Context, toi flute.TOI) {
	if s.batch == nil {
		return
	}
	c := s.child(ctx, toi)
	batch := s.batch
	s.batch = nil
	s.ledger.objects.Attend(true)
	c.mailbox.Deliver(batch)
	s.ledger.objects.Attend(false)
}

// tell sends a control message to the object's actor.
func (s *session) tell(ctx actor.Context, toi flute.TOI, m object.Message) {
	ctx.Send(s.child(ctx, toi).pid, m)
}

// child returns the actor of toi, spawned on first use.
func (s *session) child(ctx actor.Context, toi flute.TOI) *child {
	if c := s.objects[toi]; c != nil {
		return c
	}
	c := &child{mailbox: actors.NewMailbox(actors.Limits{}, s.lost)}
	spec := object.Spec(s.ledger.core, s.ledger.objects, toi)
	spec.Mailbox, spec.Dispatcher, spec.Faults = c.mailbox, s.cfg.Loop, s.cfg.Faults
	s.ledger.spawned++
	pid, err := ctx.SpawnNamed(spec.Props(), "toi-"+toi.String()+"-"+strconv.Itoa(s.ledger.spawned))
	actors.Fault(err)
	c.pid = pid
	s.objects[toi], s.live[pid.Id] = c, toi
	return c
}

// lost counts the packets that an object actor could not finish.
func (s *session) lost(d actors.Data, why actors.Loss) {
	p, ok := d.(*object.Packets)
	if !ok {
		return // an object.Put, which is no packet
	}
	for feed, n := range p.Unhandled() {
		if n > 0 {
			s.inbox.losses.count(uint8(feed), n, why)
		}
	}
}

// reports does what objects want done.
func (s *session) reports(ctx actor.Context) {
	for r := s.ledger.objects.Next(); r != nil; r = s.ledger.objects.Next() {
		for len(r.Events) > 0 { // one by one, so that a crash repeats none
			ctx.Send(s.cfg.Hub, hub.Publish{Event: r.Events[0]})
			r.Events = r.Events[1:]
		}
		for len(r.Works) > 0 {
			w := r.Works[0]
			r.Works = r.Works[1:]
			s.launch(ctx, w, r.From.Id)
		}
		if r.Ended && s.isLive(r.From.Id) {
			ctx.Stop(r.From)
			s.landAll(ctx, s.forget(r.From.Id))
		}
		s.ledger.objects.Done()
	}
}

// launch has a Work run, for the object actor of that id; empty: for any of its TOI.
func (s *session) launch(ctx actor.Context, w *receiver.Work, id string) {
	root, self := ctx.ActorSystem().Root, ctx.Self()
	e := lanes.NewEntry(w, self.Id, func(e *lanes.Entry) { root.Send(self, ran{e}) })
	s.ledger.works[e] = id
	s.cfg.Lanes.Run(e)
}

// ran brings a Work that has run back to its object, or to the core.
func (s *session) ran(ctx actor.Context, e *lanes.Entry) {
	if id, ok := s.ledger.works[e]; ok {
		delete(s.ledger.works, e)
		s.land(ctx, e.Work().(*receiver.Work), id) // the core has no other
	}
}

// land hands the Work to the core, if it has read an FDT Instance; else to the object actor of that id, or to the one
// that was made in its place after a crash, or after the end of a try. When the object has ended, nobody waits for the
// result. What an actor reports that runs at once, the session finds at the end of its turn; one that is made here runs
// in a turn of its own, also where the session has looked for reports already.
func (s *session) land(ctx actor.Context, w *receiver.Work, id string) {
	if w.TOI().IsFDT() {
		s.core.Done(time.Now(), w)
		return
	}
	c := s.objects[w.TOI()]
	switch {
	case c != nil && c.pid.Id == id:
	case s.isLive(id): // its TOI has another actor now
		pid := actor.NewPID(ctx.Self().Address, id)
		s.ledger.objects.Land(pid, w)
		ctx.Send(pid, object.WorkDone{})
		return
	case c != nil:
	case s.ledger.core.Awaits(w):
		c = s.child(ctx, w.TOI())
	default:
		w.Cancel()
		return
	}
	s.ledger.objects.Land(c.pid, w)
	s.ledger.objects.Attend(true)
	c.mailbox.Tell(object.WorkDone{})
	s.ledger.objects.Attend(false)
}

// isLive reports whether the object actor of that id has not ended.
func (s *session) isLive(id string) bool {
	_, ok := s.live[id]
	return ok
}

// current returns the TOI whose packets go to the object actor of that id: none for one that is gone or detached.
func (s *session) current(id string) (flute.TOI, bool) {
	toi, ok := s.live[id]
	c := s.objects[toi]
	return toi, ok && c != nil && c.pid.Id == id
}

// forget drops an object actor that has ended. Of the Works that it has not taken from the Ledger it returns those that
// an object awaits which was detached from its TOI: they are to land elsewhere.
func (s *session) forget(id string) (awaited []*receiver.Work) {
	if toi, ok := s.current(id); ok {
		delete(s.objects, toi)
	}
	delete(s.live, id)
	for _, w := range s.ledger.objects.Take(id) {
		if s.ledger.core.Awaits(w) {
			awaited = append(awaited, w)
		} else {
			w.Cancel()
		}
	}
	return awaited
}

// landAll hands Works to other object actors than those that had them.
func (s *session) landAll(ctx actor.Context, works []*receiver.Work) {
	for _, w := range works {
		s.land(ctx, w, "")
	}
}

// gaveUp ends an object whose actor crashed too often.
func (s *session) gaveUp(m supervisor.ChildGaveUp) {
	if toi, ok := s.current(m.PID.Id); ok {
		s.core.Quarantine(toi, fmt.Sprint(m.Reason))
	} else if s.isLive(m.PID.Id) {
		s.core.QuarantineDetached(fmt.Sprint(m.Reason))
	}
	if awaited := s.forget(m.PID.Id); len(awaited) > 0 { // it may have crashed at them, as the next one would
		s.core.QuarantineDetached(fmt.Sprint(m.Reason))
		for _, w := range awaited {
			w.Cancel()
		}
	}
}

func (s *session) drop(ctx actor.Context, toi flute.TOI) {
	if c := s.objects[toi]; c != nil {
		ctx.Stop(c.pid)
		s.landAll(ctx, s.forget(c.pid.Id))
	}
}
