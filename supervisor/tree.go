package supervisor

import (
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
)

// New returns a producer of the supervisor for actors.Spec.Produce. hook may be nil.
func New(cfg Config, hook func(Event)) func() actor.Actor {
	return func() actor.Actor {
		t := &tree{
			cfg:     cfg,
			hook:    hook,
			window:  newWindow(cfg.Intensity, cfg.Period, DefaultPeriod),
			backoff: newBackoff(cfg.Backoff),
			slots:   make([]slot, len(cfg.Children)),
		}
		for i, c := range cfg.Children {
			t.slots[i].Child = c
		}
		return t
	}
}

// state of a child.
type state uint8

const (
	down     state = iota // to be spawned
	starting              // spawned or restarted, the handshake is not answered yet
	running
	failed   // suspended by its failure, to be restarted in place
	stopping // told to stop
	ended    // not to be started again
)

// slot is one child with its state.
type slot struct {
	Child
	pid    *actor.PID // nil: no actor
	state  state
	starts int         // also the generation of the handshake
	timer  *time.Timer // a delayed restart; OneForOne only
	fault  error       // why a Temporary child is stopping
}

// phase of a restart that concerns more than one child, and of the first start.
type phase uint8

const (
	idle     phase = iota
	clearing       // stopping what has to be stopped, last first
	waiting        // for the back-off
	filling        // starting what is down, first first
)

// tree is the supervisor of a static tree.
type tree struct {
	cfg     Config
	hook    func(Event)
	window  window
	backoff backoff
	slots   []slot

	phase phase
	from  int // the lowest child to be restarted; while clearing and waiting
	next  int // the child that is being started; while filling
	delay time.Duration
	timer *time.Timer
	round uint64 // generation of timer: a retry may wait in the queue when its timer is cancelled

	awaited []waiter

	leaving bool  // all children are being stopped, for good
	asked   bool  // by Leave
	cause   error // why leaving, when not asked
	closing bool  // Restarting or Stopping was seen: the runtime stops what is left
}

var (
	_ actor.Actor              = (*tree)(nil)
	_ actor.SupervisorStrategy = (*tree)(nil)
	_ actors.Leaver            = (*tree)(nil)
)

// handshake is answered by the runtime on behalf of a child once Started has been handled.
type handshake struct{ slot, start int }

// GetAutoResponse implements actor.AutoRespond; it runs on the goroutine of the child. A tree below is ready when all
// of its children are.
func (h handshake) GetAutoResponse(ctx actor.Context) any {
	if t, ok := actors.Inner(ctx).(*tree); ok && t.phase != idle {
		t.awaited = append(t.awaited, waiter{ctx.Sender(), h})
		return notYet{}
	}
	return ready(h)
}

type (
	ready  handshake
	notYet struct{}
)

// waiter is a supervisor above that waits for the answer to its handshake.
type waiter struct {
	pid       *actor.PID
	handshake handshake
}

// retry is sent by a timer; slot is -1 for the timer of the tree.
type retry struct {
	slot  int
	round uint64
}

// IgnoreDeadLetterLogging says that a timer may be late.
func (retry) IgnoreDeadLetterLogging() {}

// Receive implements actor.Actor.
func (t *tree) Receive(ctx actor.Context) {
	defer func() {
		if v := recover(); v != nil {
			// Should the runtime now stop instead of restart the root, OnEnd must not report a clean end.
			if t.cause == nil {
				t.cause = fmt.Errorf("supervisor: %v", v)
			}
			panic(v)
		}
	}()
	switch m := ctx.Message().(type) {
	case *actor.Started:
		t.phase = filling
		t.step(ctx)
	case ready:
		t.ready(ctx, m)
	case retry:
		t.retry(ctx, m)
	case *actor.Terminated:
		t.terminated(ctx, m.Who)
	case *actor.Restarting, *actor.Stopping:
		t.closing = true
		t.cancel()
	case *actor.Stopped:
		if t.cfg.OnEnd != nil {
			t.cfg.OnEnd(t.cause)
		}
	}
}

// Leave stops the children in order before the supervisor stops.
func (t *tree) Leave(ctx actor.Context) bool {
	t.asked = true
	t.leave(ctx)
	return t.alive()
}

// HandleFailure decides about a child that failed.
func (t *tree) HandleFailure(_ *actor.ActorSystem, sup actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics,
	reason, _ any,
) {
	i := t.index(child)
	if i < 0 || t.leaving || t.closing || t.slots[i].state == stopping {
		sup.StopChildren(child)
		return
	}
	s := &t.slots[i]
	if s.Restart == Temporary {
		s.state, s.fault = stopping, asError(reason)
		sup.StopChildren(child)
		return
	}
	s.state = failed
	t.failure(sup.(actor.Context), i, asError(reason))
}

func (t *tree) index(pid *actor.PID) int {
	for i := range t.slots {
		if p := t.slots[i].pid; p != nil && p.Equal(pid) {
			return i
		}
	}
	return -1
}

func (t *tree) ready(ctx actor.Context, m ready) {
	s := &t.slots[m.slot]
	// A restart in place leaves the handshake of the start before in the queue.
	if s.state != starting || m.start != s.starts {
		return
	}
	s.state = running
	emit(t.hook, Started{ctx.Self().Id, s.pid.Id, s.starts - 1})
	if t.phase == filling && t.next == m.slot {
		t.step(ctx)
	}
}

func (t *tree) terminated(ctx actor.Context, who *actor.PID) {
	i := t.index(who)
	if i < 0 || t.closing {
		return
	}
	s := &t.slots[i]
	was := s.state
	s.pid = nil
	switch {
	case t.leaving:
		s.state = ended
	case was == stopping && s.Restart == Temporary, was != stopping && was != failed && s.Restart != Permanent:
		s.state = ended
		emit(t.hook, Stopped{ctx.Self().Id, who.Id, s.fault})
	case was == stopping, was == failed:
		s.state = down
	default:
		s.state = down
		t.failure(ctx, i, ErrStopped)
		return
	}
	if t.phase == clearing || t.phase == filling && t.next == i {
		t.step(ctx)
	}
}
