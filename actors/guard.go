package actors

import (
	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors/inject"
)

// guard runs an actor so that its panics do no harm beyond it. One guard is one incarnation.
type guard struct {
	produce  func() actor.Actor
	strategy actor.SupervisorStrategy // for the children; nil means the default of protoactor
	faults   *inject.Faults
	name     string
	kind     func(any) string
	onCrash  func(*actor.PID, *Crash)

	inner   actor.Actor // nil until Started
	leaving bool        // Restarting or Stopping was handled
	// set by the Mailbox before each message of the runtime; nil with a foreign mailbox
	mailbox  *Mailbox
	injected func(actor.Context, actor.Actor, func(any) string) // nil without faults that concern this actor
}

var (
	_ actor.Actor              = (*guard)(nil)
	_ actor.SupervisorStrategy = (*guard)(nil)
)

func guardOf(ctx actor.Context) *guard {
	if ctx == nil {
		return nil
	}
	g, _ := ctx.Actor().(*guard)
	return g
}

// Inner returns the actor behind the guard of the running actor, or what ctx.Actor returns if there is no guard. It is
// for messages that answer themselves (actor.AutoRespond), which the Guard does not show to the actor.
func Inner(ctx actor.Context) actor.Actor {
	if g := guardOf(ctx); g != nil {
		return g.inner
	}
	return ctx.Actor()
}

// Receive hands the message to the actor.
func (g *guard) Receive(ctx actor.Context) {
	switch ctx.Message().(type) {
	case *actor.Started:
		defer g.rethrow(ctx)
		g.inner = g.produce()
		g.injected = g.faults.Around(ctx.Self().GetId(), g.name)
		g.handle(ctx)
	case *actor.Restarting, *actor.Stopping:
		g.leaving = true
		g.contain(ctx)
	case *actor.Stopped:
		g.leaving = true
		g.contain(ctx)
		if g.mailbox != nil {
			g.mailbox.Close()
		}
	case *actor.Terminated:
		if g.leaving {
			g.contain(ctx)
			return
		}
		defer g.rethrow(ctx)
		g.handle(ctx)
	case actor.AutoRespond:
		// The runtime answers. That the actor got so far is the answer, and the actor need not know the message.
	default:
		if g.leaving {
			return
		}
		defer g.rethrow(ctx)
		g.handle(ctx)
	}
}

func (g *guard) handle(ctx actor.Context) {
	if g.inner == nil {
		return
	}
	if g.injected != nil {
		g.injected(ctx, g.inner, g.kind)
		return
	}
	g.inner.Receive(ctx)
}

// rethrow is deferred; it turns a panic into a *Crash.
func (g *guard) rethrow(ctx actor.Context) {
	if v := recover(); v != nil {
		c := crashIn(v, ctx, g.inner)
		g.report(ctx, c)
		answerCrash(ctx, c)
		panic(c)
	}
}

// contain runs the actor, and keeps its panic from the runtime, which would hang, or revive the actor.
func (g *guard) contain(ctx actor.Context) {
	defer func() {
		if v := recover(); v != nil {
			g.report(ctx, crashIn(v, ctx, g.inner))
		}
	}()
	g.handle(ctx)
}

func (g *guard) report(ctx actor.Context, c *Crash) {
	if g.onCrash == nil {
		return
	}
	defer func() { _ = recover() }()
	g.onCrash(ctx.Self(), c)
}

// leave asks a Leaver whether it takes the stop upon itself.
func (g *guard) leave(ctx actor.Context) (postponed bool) {
	l, ok := g.inner.(Leaver)
	if !ok {
		return false
	}
	defer func() {
		if v := recover(); v != nil {
			postponed = false
			g.report(ctx, crashIn(v, ctx, g.inner))
		}
	}()
	return l.Leave(ctx)
}

// HandleFailure decides about a child: by the actor itself if it is a strategy, else by the strategy of its Spec.
func (g *guard) HandleFailure(
	sys *actor.ActorSystem, sup actor.Supervisor, child *actor.PID, rs *actor.RestartStatistics, reason, msg any,
) {
	// A stopping actor stops its children anyway; a restart would race with that.
	if g.leaving {
		sup.StopChildren(child)
		return
	}
	if ctx, ok := sup.(actor.Context); ok {
		defer g.rethrow(ctx)
	}
	s, ok := g.inner.(actor.SupervisorStrategy)
	if !ok {
		s = g.strategy
	}
	if s == nil {
		s = actor.DefaultSupervisorStrategy()
	}
	s.HandleFailure(sys, sup, child, rs, reason, msg)
}
