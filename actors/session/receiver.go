package session

import (
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/hub"
	"github.com/flute-node/flute-node/actors/object"
	"github.com/flute-node/flute-node/actors/vault"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/supervisor"
)

// statsInterval is how often event.SessionStats is emitted while packets come.
const statsInterval = time.Second

// Peers are the actors that sessions talk to.
type Peers struct {
	Hub   *actor.PID
	Store *actor.PID
}

// receiving is the actor of one received transport session, over the memory that its Inbox is.
type receiving struct {
	*Inbox
	peers   Peers
	loop    *actors.Loop
	faults  *actors.Faults
	core    *receiver.Session
	objects map[flute.TOI]*child
	live    map[string]flute.TOI // of the object actors that have not ended, by id of the PID
	free    *object.FreeList
	batch   *object.Packets // being gathered for one object
	timer   *time.Timer
	armed   time.Time // when timer fires; zero: not armed
	stats   time.Time // when the next SessionStats is due
	counted uint64    // datagrams received at the last SessionStats
	closing bool      // Sessions was told that it is over
	yields  bool      // the core was told that it has to give way
}

// child is an object's actor.
type child struct {
	pid     *actor.PID
	mailbox *actors.Mailbox
}

// Receive implements actor.Actor.
func (s *receiving) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		s.start(ctx)
	case Message:
		s.receive(ctx, m)
	case object.Reported:
	case vault.Ran:
		s.ran(ctx, m.Job)
	case supervisor.ChildGaveUp:
		s.gaveUp(m)
	case *actor.Stopping, *actor.Restarting:
		s.timer.Stop()
		return
	default:
		return
	}
	s.settle(ctx)
}

// start goes on with what the Inbox remembers: nothing for a new session, objects in reception after a crash.
func (s *receiving) start(ctx actor.Context) {
	s.core = receiver.NewSession(s.ledger)
	s.objects, s.live = map[flute.TOI]*child{}, map[string]flute.TOI{}
	root, self := ctx.ActorSystem().Root, ctx.Self()
	s.timer = time.AfterFunc(time.Hour, func() { root.Send(self, tick{}) })
	s.timer.Stop()
	for _, toi := range s.ledger.Active() {
		s.child(ctx, toi) // starts with what there is to do
	}
	for _, w := range s.desk.TakeAll() {
		s.land(ctx, w, "")
	}
	for job := range s.jobs {
		if job.Finished() {
			s.ran(ctx, job)
		} else { // it may have been lost with the store actor; if not, it is not run twice
			ctx.Send(s.peers.Store, vault.Run{Job: job, ReplyTo: ctx.Self()})
		}
	}
}

func (s *receiving) receive(ctx actor.Context, m Message) {
	switch m := m.(type) {
	case *Packets:
		s.packets(ctx, m)
	case tick:
		s.armed = time.Time{}
	case Close:
		s.core.Close(m.Reason)
	case Open, closed, StartSender, Drain, Add, Finish: // for others
	}
}

// packets routes a batch. Consecutive packets of one object go to it as one message, at once.
func (s *receiving) packets(ctx actor.Context, m *Packets) {
	defer s.abandon()
	now := time.Now()
	var toi flute.TOI
	for m.done < len(m.Datagrams) {
		d := m.Datagrams[m.done]
		p, forObject := s.core.Route(now, d.Port, d.Data)
		if !forObject {
			m.done++
			s.deliver(ctx, toi)
			s.effects(ctx) // after an FDT Instance a TOI may name another object than before
			continue
		}
		if s.batch != nil && p.TOI != toi {
			s.deliver(ctx, toi)
		}
		if s.batch == nil {
			m.Slab.Retain(1)
			s.batch, toi = s.free.Get(m.Slab), p.TOI
		}
		s.batch.Add(p, len(d.Data))
		m.done++ // from here on it is counted with the batch
	}
	s.deliver(ctx, toi)
}

// deliver runs the object's actor on the batch that was gathered, inside of this handler.
func (s *receiving) deliver(ctx actor.Context, toi flute.TOI) {
	if s.batch == nil {
		return
	}
	c := s.child(ctx, toi)
	batch := s.batch
	s.batch = nil
	c.mailbox.Deliver(batch)
}

// abandon counts and frees a batch that a panic has left behind.
func (s *receiving) abandon() {
	if s.batch != nil {
		s.lost(s.batch, actors.LossCrash)
		s.batch.Release()
		s.batch = nil
	}
}

// tell sends a control message to the object's actor.
func (s *receiving) tell(ctx actor.Context, toi flute.TOI, m object.Message) {
	ctx.Send(s.child(ctx, toi).pid, m)
}

// child returns the actor of toi, spawned on first use.
func (s *receiving) child(ctx actor.Context, toi flute.TOI) *child {
	if c := s.objects[toi]; c != nil {
		return c
	}
	c := &child{mailbox: actors.NewMailbox(actors.Limits{}, s.lost)}
	spec := actors.Spec{
		Produce:    func() actor.Actor { return object.New(s.ledger, s.desk, toi) },
		Mailbox:    c.mailbox,
		Dispatcher: s.loop,
		Faults:     s.faults,
	}
	s.spawned++
	pid, err := ctx.SpawnNamed(spec.Props(), fmt.Sprintf("toi-%v-%d", toi, s.spawned))
	actors.Fault(err)
	c.pid = pid
	s.objects[toi], s.live[pid.Id] = c, toi
	return c
}

// lost counts the packets that an object actor could not finish.
func (s *receiving) lost(d actors.Data, why actors.Loss) { s.losses.count(left(d), why) }

// reports does what objects want done.
func (s *receiving) reports(ctx actor.Context) {
	for r := s.desk.Next(); r != nil; r = s.desk.Next() {
		for len(r.Events) > 0 { // one by one, so that a crash repeats none
			ctx.Send(s.peers.Hub, hub.Publish{Event: r.Events[0]})
			r.Events = r.Events[1:]
		}
		for len(r.Works) > 0 {
			job := vault.NewJob(r.Works[0])
			s.jobs[job], r.Works = r.From.Id, r.Works[1:]
			ctx.Send(s.peers.Store, vault.Run{Job: job, ReplyTo: ctx.Self()})
		}
		if r.Ended && s.isLive(r.From.Id) {
			ctx.Stop(r.From)
			s.forget(r.From.Id)
		}
		s.desk.Done()
	}
}

// ran brings a Work that has run back to its object.
func (s *receiving) ran(ctx actor.Context, job *vault.Job) {
	if id, ok := s.jobs[job]; ok {
		delete(s.jobs, job)
		s.land(ctx, job.Work.(*receiver.Work), id) // it sends no other
	}
}

// land hands the Work to the object actor of that id, or to the one that was made in its place after a crash, or after
// the end of a try. When the object has ended, nobody waits for the result.
func (s *receiving) land(ctx actor.Context, w *receiver.Work, id string) {
	var pid *actor.PID
	if s.isLive(id) {
		pid = actor.NewPID(ctx.Self().Address, id)
	} else if c := s.objects[w.TOI()]; c != nil {
		pid = c.pid
	} else if s.ledger.Awaits(w) {
		pid = s.child(ctx, w.TOI()).pid
	} else {
		w.Cancel()
		return
	}
	s.desk.Land(pid, w)
	ctx.Send(pid, object.WorkDone{})
}

// isLive reports whether the object actor of that id has not ended.
func (s *receiving) isLive(id string) bool {
	_, ok := s.live[id]
	return ok
}

// current returns the TOI whose packets go to the object actor of that id: none for one that is gone or detached.
func (s *receiving) current(id string) (flute.TOI, bool) {
	toi, ok := s.live[id]
	c := s.objects[toi]
	return toi, ok && c != nil && c.pid.Id == id
}

// forget drops an object actor that has ended. What it has not taken from the Desk nobody wants.
func (s *receiving) forget(id string) {
	if toi, ok := s.current(id); ok {
		delete(s.objects, toi)
	}
	delete(s.live, id)
	for _, w := range s.desk.Take(id) {
		w.Cancel()
	}
}

// gaveUp ends an object whose actor crashed too often.
func (s *receiving) gaveUp(m supervisor.ChildGaveUp) {
	if toi, ok := s.current(m.PID.Id); ok {
		s.core.Quarantine(toi, fmt.Sprint(m.Reason))
	} else if s.isLive(m.PID.Id) {
		s.core.QuarantineDetached(fmt.Sprint(m.Reason))
	}
	s.forget(m.PID.Id)
}

func (s *receiving) drop(ctx actor.Context, toi flute.TOI) {
	if c := s.objects[toi]; c != nil {
		ctx.Stop(c.pid)
		s.forget(c.pid.Id)
	}
}

// settle ends every turn: it does what the core wants done, and arms the timer.
func (s *receiving) settle(ctx actor.Context) {
	now := time.Now()
	s.losses.absorb(s.ledger, false)
	s.reports(ctx)
	s.stand()
	s.core.Advance(now)
	s.effects(ctx)
	if s.core.Ended() {
		if !s.closing {
			s.closing, s.over = true, true
			s.closed.Store(true)
			ctx.Send(ctx.Parent(), closed{s.Inbox})
		}
		return
	}
	s.publishStats(ctx, now)
	s.arm(now)
}

// stand tells the reader that the session has proved itself, or the core that it has to give way.
func (s *receiving) stand() {
	if s.ledger.Proven() {
		s.standing.CompareAndSwap(unproven, proven)
	}
	if s.standing.Load() == yielding && !s.yields {
		s.yields = true
		s.core.Close(yieldReason)
	}
}

// effects does what the core wants done.
func (s *receiving) effects(ctx actor.Context) {
	s.reports(ctx)
	f := s.core.Effects()
	for _, e := range s.keep(f.Events) {
		ctx.Send(s.peers.Hub, hub.Publish{Event: e})
	}
	for _, toi := range f.Detached {
		delete(s.objects, toi) // the actor goes on until it reports its end
	}
	for _, toi := range f.Ended {
		s.drop(ctx, toi)
	}
	for _, toi := range f.Described {
		s.tell(ctx, toi, object.Describe{})
	}
}

// publishStats emits the counters, once per interval, when they have changed.
func (s *receiving) publishStats(ctx actor.Context, now time.Time) {
	c := s.ledger.Counters()
	if c.Received == s.counted || now.Before(s.stats) || !s.ledger.Opened() {
		return
	}
	s.counted, s.stats = c.Received, now.Add(statsInterval)
	ctx.Send(s.peers.Hub, hub.Publish{Event: event.SessionStats{Session: s.Key, Counters: c, Held: s.ledger.Held()}})
}

// arm sets the one timer of the session to the least deadline.
func (s *receiving) arm(now time.Time) {
	d := s.core.Deadline()
	if s.ledger.Opened() && s.ledger.Counters().Received != s.counted && (d.IsZero() || s.stats.Before(d)) {
		d = s.stats
	}
	if d.IsZero() || (!s.armed.IsZero() && !d.Before(s.armed)) {
		return // a timer that fires too early only looks again
	}
	s.armed = d
	s.timer.Reset(d.Sub(now))
}
