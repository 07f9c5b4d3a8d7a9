package supervisor

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
)

// failure answers the failure of child i, whose state is failed or down.
func (t *tree) failure(ctx actor.Context, i int, reason error) {
	now := time.Now()
	if t.window.fail(now) {
		t.giveUp(ctx, i, &GaveUpError{
			Supervisor: ctx.Self().Id, Child: t.slots[i].Name,
			Failures: len(t.window.times), Period: t.window.period, Reason: reason,
		})
		return
	}
	delay := t.backoff.next(now)
	emit(t.hook, Failed{ctx.Self().Id, t.childID(ctx, i), reason, delay})

	switch t.cfg.Strategy {
	case OneForOne:
		t.restartOne(ctx, i, delay)
		return
	case RestForOne:
		// While children are being started, those below i run.
		if t.phase == clearing || t.phase == waiting {
			i = min(i, t.from)
		}
		t.from = i
	case OneForAll:
		t.from = 0
	}
	t.cancel()
	t.delay = delay
	t.phase = clearing
	t.step(ctx)
}

func (t *tree) childID(ctx actor.Context, i int) string {
	return ctx.Self().Id + "/" + t.slots[i].Name
}

func (t *tree) restartOne(ctx actor.Context, i int, delay time.Duration) {
	s := &t.slots[i]
	stopTimer(&s.timer)
	if delay > 0 {
		s.timer = t.after(ctx, delay, retry{slot: i})
		return
	}
	t.start(ctx, i)
}

// step goes on with a restart, or with the first start, as far as it gets without waiting.
func (t *tree) step(ctx actor.Context) {
	if t.phase == clearing {
		if !t.cleared(ctx) {
			return
		}
		if t.leaving {
			t.left(ctx)
			return
		}
		if t.delay > 0 {
			t.phase = waiting
			t.round++
			t.timer = t.after(ctx, t.delay, retry{-1, t.round})
			return
		}
		t.phase, t.next = filling, t.from
	}
	if t.phase == filling {
		t.fill(ctx)
	}
}

// cleared stops the next child that has to be stopped, and reports whether none is left.
func (t *tree) cleared(ctx actor.Context) bool {
	low := t.from
	if t.cfg.Strategy == RestForOne && !t.leaving {
		low++ // the one that failed is restarted in place
	}
	for i := len(t.slots) - 1; i >= low; i-- {
		s := &t.slots[i]
		if s.pid == nil {
			continue
		}
		if s.state != stopping {
			s.state = stopping
			ctx.Stop(s.pid)
		}
		return false
	}
	return true
}

// fill starts the next child that has to be started.
func (t *tree) fill(ctx actor.Context) {
	for ; t.next < len(t.slots); t.next++ {
		s := &t.slots[t.next]
		switch s.state {
		case running, ended:
			continue
		case down, failed:
			if s.timer == nil {
				t.start(ctx, t.next)
			}
		case starting, stopping:
		}
		return
	}
	t.phase = idle
	for _, w := range t.awaited {
		ctx.Send(w.pid, ready(w.handshake))
	}
	t.awaited = nil
}

// start spawns a child, or restarts it in place, and asks it to answer once it has started.
func (t *tree) start(ctx actor.Context, i int) {
	s := &t.slots[i]
	if s.state == failed {
		ctx.(actor.Supervisor).RestartChildren(s.pid)
	} else {
		pid, err := ctx.SpawnNamed(s.Props, s.Name)
		if err != nil {
			t.giveUp(ctx, i, &GaveUpError{Supervisor: ctx.Self().Id, Child: s.Name, Reason: err})
			return
		}
		s.pid = pid
	}
	s.state, s.fault = starting, nil
	s.starts++
	ctx.Request(s.pid, handshake{i, s.starts})
}

func (t *tree) retry(ctx actor.Context, m retry) {
	if m.slot < 0 {
		if t.phase == waiting && t.timer != nil && m.round == t.round {
			t.timer = nil
			t.phase, t.next = filling, t.from
			t.fill(ctx)
		}
		return
	}
	if s := &t.slots[m.slot]; s.timer != nil && !t.leaving {
		s.timer = nil
		t.start(ctx, m.slot)
	}
}

func (t *tree) giveUp(ctx actor.Context, i int, err *GaveUpError) {
	emit(t.hook, GaveUp{ctx.Self().Id, t.childID(ctx, i), err})
	t.cause = err
	t.leave(ctx)
	if !t.alive() {
		t.left(ctx)
	}
}

// leave starts to stop all children, last first.
func (t *tree) leave(ctx actor.Context) {
	t.cancel()
	t.leaving = true
	t.from = 0
	t.phase = clearing
	t.cleared(ctx)
}

func (t *tree) alive() bool {
	for i := range t.slots {
		if t.slots[i].pid != nil {
			return true
		}
	}
	return false
}

// left ends the supervisor, whose children are gone.
func (t *tree) left(ctx actor.Context) {
	switch {
	case t.asked:
		actors.Left(ctx)
	case t.cfg.OnEnd != nil:
		ctx.Stop(ctx.Self())
	default:
		panic(t.cause)
	}
}

// after sends m to the supervisor after d.
func (t *tree) after(ctx actor.Context, d time.Duration, m retry) *time.Timer {
	timer := actors.NewTimer(ctx, m)
	timer.Reset(d)
	return timer
}

func (t *tree) cancel() {
	stopTimer(&t.timer)
	for i := range t.slots {
		stopTimer(&t.slots[i].timer)
	}
}

func stopTimer(timer **time.Timer) {
	if *timer != nil {
		(*timer).Stop()
		*timer = nil
	}
}
