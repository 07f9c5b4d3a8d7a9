package receiving

import (
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/hub"
	"github.com/flute-node/flute-node/actors/inject"
	"github.com/flute-node/flute-node/actors/lanes"
	"github.com/flute-node/flute-node/actors/object"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/supervisor"
)

// Config says what a session runs on. All fields but Faults are required.
type Config struct {
	Inbox  *Inbox
	Ledger *Ledger
	Loop   *actors.Loop // runs the session and its objects
	Hub    *actor.PID
	Lanes  interface{ Run(e *lanes.Entry) } // a *lanes.Lanes
	Faults *inject.Faults                   // nil: none
}

// Spec returns how the actor is spawned, over what lives longer than it. Its name for faults is "session/receiving-7",
// with its TSI; those of its objects are "object/7-1", with the TOI too.
func Spec(cfg Config, strategy actor.SupervisorStrategy) actors.Spec {
	return actors.Spec{
		Produce: func() actor.Actor {
			return &session{cfg: cfg, inbox: cfg.Inbox, ledger: cfg.Ledger, free: &cfg.Inbox.Reception.free}
		},
		Mailbox: cfg.Inbox.mailbox, Dispatcher: cfg.Loop, Strategy: strategy,
		Faults: cfg.Faults, Name: fmt.Sprintf("session/receiving-%d", cfg.Inbox.Key.TSI), Kind: kindOf,
	}
}

// session is the actor of one receiving session. What survives a crash is in its Inbox and its Ledger.
type session struct {
	cfg     Config
	inbox   *Inbox
	ledger  *Ledger
	core    *receiver.Session
	objects map[flute.TOI]*child
	live    map[string]flute.TOI // of the object actors that have not ended, by id of the PID
	free    *object.FreeList
	batch   *object.Packets // being gathered for one object
	puts    []asked
	timer   *time.Timer
	armed   time.Time // when timer fires; zero: not armed
	stats   time.Time // when the next SessionStats is due
	counted uint64    // datagrams received at the last SessionStats
	closing bool      // Sessions was told that it is over
	press   pressure
	holds   bool // the Inbox keeps datagrams
	yields  bool // the core was told that it has to give way
	ends    bool // the core was told to end
}

// Receive implements actor.Actor.
func (s *session) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		s.start(ctx)
	case message:
		s.receive(ctx, m)
	case object.Reported:
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
func (s *session) start(ctx actor.Context) {
	s.core = s.ledger.core.NewSession()
	s.objects, s.live = map[flute.TOI]*child{}, map[string]flute.TOI{}
	s.timer = actors.NewTimer(ctx, tick{})
	s.ledger.objects.Attend(false)
	s.inbox.mailbox.Hold(false)
	for _, toi := range s.ledger.core.Active() {
		s.child(ctx, toi) // starts with what there is to do
	}
	for _, w := range s.ledger.objects.TakeAll() {
		s.land(ctx, w, "")
	}
	for e := range s.ledger.works {
		if e.Finished() {
			s.ran(ctx, e)
		} else { // the crash may have come before
			s.cfg.Lanes.Run(e)
		}
	}
}

func (s *session) receive(ctx actor.Context, m message) {
	switch m := m.(type) {
	case *Packets:
		s.packets(ctx, m)
	case tick:
		s.armed = time.Time{}
	case Close: // settle looks at what the Inbox says
	case ran:
		s.ran(ctx, m.entry)
	case Inspect:
		ctx.Respond(s.state(m))
	case Put:
		s.put(ctx, m)
	}
}

func (s *session) state(m Inspect) State {
	core := s.ledger.core
	now := time.Now()
	st := State{
		Counters: core.Counters(), Held: core.Held(), Account: core.Account(now), Feeds: core.Feeds(),
		Rate: s.ledger.meter.Rate(now), Bytes: s.ledger.bytes, Latest: s.ledger.latest,
	}
	if m.TOI.IsFDT() {
		st.Objects, st.ObjectCount = core.Objects(m.Objects)
	} else if o, ok := core.Missing(m.TOI, m.Ranges); ok {
		st.Objects, st.ObjectCount = []event.ObjectState{o}, 1
	}
	return st
}

// packets routes a batch. Consecutive packets of one object go to it as one message, at once.
func (s *session) packets(ctx actor.Context, m *Packets) {
	defer s.abandon()
	now := time.Now()
	s.ledger.latest = now
	n := m.unhandledBytes()
	s.ledger.meter.Add(n, now)
	s.ledger.bytes += uint64(n)
	var toi flute.TOI
	var first receiver.Packet // of a batch
	for m.done < len(m.Datagrams) {
		d := &m.Datagrams[m.done]
		p := &first
		if s.batch != nil {
			p = s.batch.Place()
		}
		if !s.core.RouteTo(now, receiver.Origin{Feed: m.feed, Port: d.Port}, p, d.Data) {
			m.done++
			s.deliver(ctx, toi)
			s.effects(ctx) // after an FDT Instance a TOI may name another object than before
			continue
		}
		if effects := s.core.HasEffects(); effects || p.TOI() != toi {
			if p != &first {
				first = *p // its place goes with the batch
			}
			s.deliver(ctx, toi)
			if effects { // another object may have had the TOI until now
				s.effects(ctx)
			}
		}
		if s.batch != nil {
			s.batch.AddPlaced(len(d.Data))
		} else {
			s.batch, toi = s.free.Get(m.retain()), first.TOI()
			s.batch.Add(&first, len(d.Data))
		}
		m.done++ // from here on it is counted with the batch
	}
	s.deliver(ctx, toi)
}

// abandon counts and frees a batch that a panic has left behind.
func (s *session) abandon() {
	if s.batch != nil {
		s.lost(s.batch, actors.LossCrash)
		s.batch.Release()
		s.batch = nil
	}
}

// settle ends every turn: it does what the core wants done, and arms the timer.
func (s *session) settle(ctx actor.Context) {
	now := time.Now()
	s.inbox.losses.absorb(s.ledger.core, false)
	s.reports(ctx)
	s.answerPuts(ctx)
	s.stand()
	s.core.Advance(now)
	s.effects(ctx)
	if s.press.isOver(now, s.inbox.pressed.Load(), s.core.IsShort() || s.core.IsBehind()) {
		s.inbox.pressed.Store(false) // the next Press is news again
	}
	// What comes waits there, and then in the kernel.
	behind := s.core.IsBehind() && s.inbox.mayLag()
	s.hold(s.core.IsShort() || behind)
	if s.core.Ended() {
		if !s.closing {
			s.closing, s.ledger.over = true, true
			s.inbox.closed.Store(true)
			ctx.Send(ctx.Parent(), Closed{s.inbox})
		}
		return
	}
	s.publishStats(ctx, now)
	s.arm(now, behind)
}

// hold has datagrams wait in the Inbox, or wait no longer.
func (s *session) hold(hold bool) {
	if s.holds != hold {
		s.holds = hold
		s.inbox.mailbox.Hold(hold)
	}
}

// stand tells the reader that the session has proved itself, or the core that it has to give way, or to end.
func (s *session) stand() {
	if s.ledger.core.Proven() && s.inbox.standing.CompareAndSwap(unproven, proven) {
		s.inbox.Reception.proofs.Add(1)
	}
	if s.inbox.standing.Load() == yielding && !s.yields {
		s.yields = true
		s.core.Close(yieldReason)
	}
	if reason := s.inbox.ending.Load(); reason != nil && !s.ends {
		s.ends = true
		s.core.Close(*reason)
	}
}

// effects does what the core wants done.
func (s *session) effects(ctx actor.Context) {
	s.reports(ctx)
	f := s.core.Effects()
	for _, e := range s.ledger.keep(f.Events) {
		ctx.Send(s.cfg.Hub, hub.Publish{Event: e})
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
	for _, w := range f.Works {
		s.launch(ctx, w, "")
	}
}

// behindPoll is how soon a session that is behind looks again: no message tells that bytes were written.
const behindPoll = 5 * time.Millisecond

// arm sets the one timer of the session to the least deadline.
func (s *session) arm(now time.Time, behind bool) {
	d := s.core.Deadline()
	if at := now.Add(behindPoll); behind && (d.IsZero() || at.Before(d)) {
		d = at
	}
	if s.ledger.core.Opened() && s.ledger.core.Received() != s.counted {
		if at := s.stats.Add(statsGrace); d.IsZero() || at.Before(d) {
			d = at
		}
	}
	if d.IsZero() || (!s.armed.IsZero() && !d.Before(s.armed)) {
		return // a timer that fires too early only looks again
	}
	s.armed = d
	s.timer.Reset(d.Sub(now))
}
