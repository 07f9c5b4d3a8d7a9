package sending

import (
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/hub"
	"github.com/flute-node/flute-node/actors/inject"
	"github.com/flute-node/flute-node/actors/lanes"
	"github.com/flute-node/flute-node/flute/event"
)

// Spec returns how the actor is spawned, over the Ledger that lives longer than it. loop runs it. Its name for
// faults is "session/sending-7", with its TSI.
func Spec(l *Ledger, hub *actor.PID, works runner, loop *actors.Loop, faults *inject.Faults) actors.Spec {
	mailbox := actors.NewMailbox(actors.Limits{}, nil)
	l.mailbox.Store(mailbox)
	return actors.Spec{
		Produce: func() actor.Actor { return &session{ledger: l, hub: hub, lanes: works} },
		Mailbox: mailbox, Dispatcher: loop,
		Faults: faults, Name: fmt.Sprintf("session/sending-%d", l.cfg.Key.TSI), Kind: kindOf,
	}
}

// runner has Works run: a *lanes.Lanes.
type runner = interface{ Run(e *lanes.Entry) }

// session is the actor of one sending session. What survives a crash is in its Ledger.
type session struct {
	ledger  *Ledger
	hub     *actor.PID
	lanes   runner
	timer   Timer
	pumping bool      // a pump is in the mailbox, or the timer will bring one
	due     time.Time // when the timer brings it; zero: it is in the mailbox
}

// Receive implements actor.Actor.
func (s *session) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		s.start(ctx)
	case Message:
		s.receive(ctx, m)
	case *actor.Restarting, *actor.Stopping:
		s.timer.Stop()
	}
}

// start goes on where the Ledger says.
func (s *session) start(ctx actor.Context) {
	s.timer = s.newTimer(ctx)
	s.work(ctx)
	switch l := s.ledger; {
	case l.over: // it crashed on its way out
		ctx.Stop(ctx.Self())
	case l.isParting():
		s.timer.Reset(closeInterval)
	default:
		if !l.opened {
			l.opened = true
			s.publish(ctx, event.SessionOpened{Session: l.cfg.Key})
		}
		if reason := l.ending.Load(); reason != nil {
			s.end(ctx, *reason, nil)
			return
		}
		s.again(ctx)
	}
}

// newTimer returns a timer that brings a pump. It does not run yet.
func (s *session) newTimer(ctx actor.Context) Timer {
	if s.ledger.cfg.Timer == nil {
		return plainTimer{actors.NewTimer(ctx, pump{})}
	}
	root, self := ctx.ActorSystem().Root, ctx.Self()
	return s.ledger.cfg.Timer(func() { root.Send(self, pump{}) })
}

// plainTimer is a timer of package time.
type plainTimer struct{ timer *time.Timer }

func (t plainTimer) Reset(d time.Duration) { t.timer.Reset(d) }
func (t plainTimer) Stop()                 { t.timer.Stop() }

func (s *session) receive(ctx actor.Context, m Message) {
	switch m := m.(type) {
	case Add:
		ctx.Respond(s.ledger.add(m))
		s.hurry(ctx)
	case Reserve:
		ctx.Respond(s.ledger.reserve(m))
	case Find:
		toi, _ := s.ledger.cfg.Core.Find(m.Location)
		ctx.Respond(Added{TOI: toi})
	case Release:
		s.ledger.cfg.Core.Release(m.TOI)
		ctx.Respond(Taken{})
	case Update:
		ctx.Respond(s.ledger.update(m))
		s.again(ctx)
	case Publish:
		_ = s.ledger.cfg.Core.Publish() // the error says that it is closed
		ctx.Respond(Taken{})
		s.again(ctx)
	case Finish:
		s.ledger.finishing = true
		// RFC 6726, section 3.4.2: receivers may leave once they have what is described. The error says that it is
		// closed.
		_ = s.ledger.cfg.Core.SetComplete()
		ctx.Respond(Taken{})
		s.again(ctx)
	case Close:
		if ctx.Sender() != nil {
			ctx.Respond(Taken{})
		}
		s.end(ctx, m.Reason, nil)
	case Remove, Trigger, PauseObject, PauseQueue, PauseSession:
		ctx.Respond(Taken{s.ledger.steer(m, time.Now())})
		s.again(ctx)
	case Inspect:
		core := s.ledger.cfg.Core
		st := State{Stats: core.Stats(), Queues: core.Queues(), Rate: s.ledger.meter.Rate(time.Now())}
		st.Objects, st.ObjectCount = s.ledger.cfg.Core.Objects(m.Objects)
		ctx.Respond(st)
	case SetRate:
		s.ledger.pace.setRate(m.Rate)
		ctx.Respond(Taken{})
		s.hurry(ctx)
	case ran:
		s.again(ctx)
	case pump:
		s.pumping = false
		s.woke(time.Now())
		s.pump(ctx)
	}
}

// warn tells something about the network of the session; an empty text is nothing.
func (s *session) warn(ctx actor.Context, text string) {
	if text != "" {
		s.publish(ctx, event.Warning{Text: fmt.Sprintf("session %v: %s", s.ledger.cfg.Key, text)})
	}
}

func (s *session) publish(ctx actor.Context, e event.Event) {
	ctx.Send(s.hub, hub.Publish{Event: marked(e)})
}

func (s *session) publishAll(ctx actor.Context, events []event.Event) {
	for _, e := range events {
		s.publish(ctx, e)
	}
}
