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

// receiving is the actor of one received transport session.
type receiving struct {
	peers   Peers
	inbox   *Inbox
	loop    *actors.Loop
	faults  *actors.Faults
	ledger  *receiver.Ledger
	core    *receiver.Session
	objects map[flute.TOI]*child
	live    map[string]bool               // object actors that have not ended, by id of the PID
	works   map[*receiver.Work]*actor.PID // who wants to hear of it
	free    *object.FreeList
	timer   *time.Timer
	armed   time.Time // when timer fires; zero: not armed
	stats   time.Time // when the next SessionStats is due
	counted uint64    // datagrams received at the last SessionStats
	spawned int       // object actors so far, for their names
	closing bool      // the core has ended, Closed was sent
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
	case object.Report:
		s.report(ctx, m)
	case vault.Ran:
		s.ran(ctx, m.Work)
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

// start goes on with what the Ledger holds: nothing for a new session, objects in reception after a crash.
func (s *receiving) start(ctx actor.Context) {
	s.core = receiver.NewSession(s.ledger)
	s.objects, s.live, s.works = map[flute.TOI]*child{}, map[string]bool{}, map[*receiver.Work]*actor.PID{}
	root, self := ctx.ActorSystem().Root, ctx.Self()
	s.timer = time.AfterFunc(time.Hour, func() { root.Send(self, tick{}) })
	s.timer.Stop()
	for _, toi := range s.ledger.Active() {
		s.tell(ctx, toi, object.Describe{})
	}
}

func (s *receiving) receive(ctx actor.Context, m Message) {
	switch m := m.(type) {
	case *Packets:
		s.packets(ctx, m)
	case tick:
		s.armed = time.Time{}
		s.core.Advance(time.Now())
	case Close:
		s.core.Close(m.Reason)
	case Open, Closed, StartSender: // for Sessions
	}
}

// packets routes a batch. Consecutive packets of one object go to it as one message, at once.
func (s *receiving) packets(ctx actor.Context, m *Packets) {
	now := time.Now()
	var batch *object.Packets
	var toi flute.TOI
	for m.done < len(m.Datagrams) {
		d := m.Datagrams[m.done]
		p, forObject := s.core.Route(now, d)
		m.done++
		if !forObject {
			if batch != nil {
				s.deliver(ctx, toi, batch)
				batch = nil
			}
			s.effects(ctx) // after an FDT Instance a TOI may name another object than before
			continue
		}
		if batch != nil && p.TOI != toi {
			s.deliver(ctx, toi, batch)
			batch = nil
		}
		if batch == nil {
			m.Slab.Retain(1)
			batch, toi = s.free.Get(m.Slab), p.TOI
		}
		batch.Add(p, len(d))
	}
	if batch != nil {
		s.deliver(ctx, toi, batch)
	}
}

// deliver runs the object's actor on the batch, inside of this handler.
func (s *receiving) deliver(ctx actor.Context, toi flute.TOI, batch *object.Packets) {
	s.child(ctx, toi).mailbox.Deliver(batch)
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
		Produce:    func() actor.Actor { return object.New(s.ledger, toi) },
		Mailbox:    c.mailbox,
		Dispatcher: s.loop,
		Faults:     s.faults,
	}
	s.spawned++
	pid, err := ctx.SpawnNamed(spec.Props(), fmt.Sprintf("toi-%v-%d", toi, s.spawned))
	actors.Fault(err)
	c.pid = pid
	s.objects[toi], s.live[pid.Id] = c, true
	return c
}

// lost counts the packets that an object actor could not finish. It runs on the session's goroutine or, when the tree
// is torn down, after it has ended.
func (s *receiving) lost(d actors.Data, why actors.Loss) {
	p, ok := d.(*object.Packets)
	if !ok {
		return
	}
	n := int64(p.Left())
	switch why {
	case actors.LossFull:
		s.inbox.losses.full.Add(n)
	case actors.LossClosed:
		s.inbox.losses.closed.Add(n)
	case actors.LossCrash:
		s.inbox.losses.crash.Add(n)
	}
}

// report takes what an object announces.
func (s *receiving) report(ctx actor.Context, m object.Report) {
	for _, e := range m.Events {
		ctx.Send(s.peers.Hub, hub.Publish{Event: e})
	}
	if m.Work != nil {
		s.works[m.Work] = m.From
		ctx.Send(s.peers.Store, vault.Run{Work: m.Work, ReplyTo: ctx.Self()})
	}
	if m.Ended {
		ctx.Stop(m.From)
		delete(s.live, m.From.Id)
		for toi, c := range s.objects {
			if c.pid.Equal(m.From) {
				delete(s.objects, toi)
			}
		}
		s.core.Advance(time.Now())
	}
}

// ran brings a Work back to the object that wanted it, or to the one that was made in its place after a crash. When there
// is none any more, nobody waits for the result.
func (s *receiving) ran(ctx actor.Context, w *receiver.Work) {
	pid := s.works[w]
	delete(s.works, w)
	if pid == nil && s.objects[w.TOI()] != nil {
		pid = s.objects[w.TOI()].pid
	}
	if pid == nil || !s.live[pid.Id] {
		w.Cancel()
		return
	}
	ctx.Send(pid, object.WorkDone{Work: w})
}

// gaveUp ends an object whose actor crashed too often.
func (s *receiving) gaveUp(m supervisor.ChildGaveUp) {
	delete(s.live, m.PID.Id)
	for toi, c := range s.objects {
		if c.pid.Equal(m.PID) {
			delete(s.objects, toi)
			s.core.Quarantine(toi, fmt.Sprint(m.Reason))
			return
		}
	}
	s.core.QuarantineDetached(fmt.Sprint(m.Reason))
}

func (s *receiving) drop(ctx actor.Context, toi flute.TOI) {
	if c := s.objects[toi]; c != nil {
		ctx.Stop(c.pid)
		delete(s.objects, toi)
		delete(s.live, c.pid.Id)
	}
}

// settle ends every turn: it does what the core wants done, and arms the timer.
func (s *receiving) settle(ctx actor.Context) {
	now := time.Now()
	s.inbox.losses.absorb(s.ledger)
	s.effects(ctx)
	if s.core.Ended() {
		if !s.closing {
			s.closing = true
			s.inbox.closed.Store(true)
			ctx.Send(ctx.Parent(), Closed{s.inbox})
		}
		return
	}
	s.publishStats(ctx, now)
	s.arm(now)
}

// effects does what the core wants done.
func (s *receiving) effects(ctx actor.Context) {
	f := s.core.Effects()
	for _, e := range f.Events {
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
	if c.Received == s.counted || now.Before(s.stats) {
		return
	}
	s.counted, s.stats = c.Received, now.Add(statsInterval)
	ctx.Send(s.peers.Hub, hub.Publish{Event: event.SessionStats{Session: s.inbox.Key, Counters: c, Held: s.ledger.Held()}})
}

// arm sets the one timer of the session to the least deadline.
func (s *receiving) arm(now time.Time) {
	d := s.core.Deadline()
	if s.ledger.Counters().Received != s.counted && (d.IsZero() || s.stats.Before(d)) {
		d = s.stats
	}
	if d.IsZero() || (!s.armed.IsZero() && !d.Before(s.armed)) {
		return // a timer that fires too early only looks again
	}
	s.armed = d
	s.timer.Reset(d.Sub(now))
}
