package supervisor

import (
	"errors"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
)

// ChildGaveUp is sent by a Dynamic strategy to the actor that it works for when a child is stopped for good. It comes
// before the child's Terminated, whatever else waits.
type ChildGaveUp struct {
	PID    *actor.PID
	Reason error  // of the last failure, usually *actors.Crash
	Blame  string // the work blamed twice; empty: too many failures
	Stack  []byte // of the last failure; nil when not known
}

// IsUrgent has the Mailbox put it before all that waits, but the messages of the runtime.
func (ChildGaveUp) IsUrgent() {}

// DynamicConfig configures a Dynamic strategy.
type DynamicConfig struct {
	// Intensity is how many failures of one child within Period are answered by a restart. 0 means DefaultIntensity;
	// negative none.
	Intensity int
	// Period is the window of Intensity; 0 means DefaultDynamicPeriod.
	Period time.Duration
	Hook   func(Event)
}

const (
	blamesKept  = 16 // blames remembered for one child; more would be stopped by the intensity before
	pruneFrom   = 64 // histories from which those of former children are looked for
	pruneFactor = 2
)

// Dynamic is the strategy of an actor for children that it spawns itself. It keeps state and is not safe for concurrent
// use: make one per supervising actor. It survives restarts of that actor.
type Dynamic struct {
	cfg      DynamicConfig
	children map[string]*history // by id of the PID; only those that failed
	pruneAt  int
}

// history is what is remembered of one child.
type history struct {
	window window
	blames []string
}

var _ actor.SupervisorStrategy = (*Dynamic)(nil)

// NewDynamic returns a strategy for actors.Spec.Strategy.
func NewDynamic(cfg DynamicConfig) *Dynamic {
	return &Dynamic{cfg: cfg, children: map[string]*history{}, pruneAt: pruneFrom}
}

// HandleFailure restarts the child in place, or stops it and tells its parent.
func (d *Dynamic) HandleFailure(
	_ *actor.ActorSystem, sup actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics, reason, _ any,
) {
	d.prune(sup)
	h := d.children[child.Id]
	if h == nil {
		h = &history{window: newWindow(d.cfg.Intensity, d.cfg.Period, DefaultDynamicPeriod)}
		d.children[child.Id] = h
	}
	tooMany := h.window.fail(time.Now())
	blame := blameOf(reason)
	again := blame != "" && slices.Contains(h.blames, blame)

	ctx, ok := sup.(actor.Context)
	name := ""
	if ok {
		name = ctx.Self().Id
	}
	if !tooMany && !again {
		if blame != "" && len(h.blames) < blamesKept {
			h.blames = append(h.blames, blame)
		}
		emit(d.cfg.Hook, Failed{name, child.Id, asError(reason), 0})
		sup.RestartChildren(child)
		return
	}
	if !again {
		blame = ""
	}
	delete(d.children, child.Id)
	emit(d.cfg.Hook, Quarantined{name, child.Id, blame, asError(reason)})
	if ok {
		ctx.Send(ctx.Self(), gaveUp(child, reason, blame))
	}
	sup.StopChildren(child)
}

// blameOf returns the work that a child failed at; empty: it is not known.
func blameOf(reason any) string {
	if c := crashOf(reason); c != nil {
		return c.Blame
	}
	return ""
}

// prune forgets children that are gone.
func (d *Dynamic) prune(sup actor.Supervisor) {
	if len(d.children) < d.pruneAt {
		return
	}
	alive := map[string]*history{}
	for _, pid := range sup.Children() {
		if h := d.children[pid.Id]; h != nil {
			alive[pid.Id] = h
		}
	}
	d.children = alive
	d.pruneAt = max(pruneFrom, pruneFactor*len(alive))
}

func gaveUp(child *actor.PID, reason any, blame string) ChildGaveUp {
	m := ChildGaveUp{PID: child, Reason: asError(reason), Blame: blame}
	if c := crashOf(reason); c != nil {
		m.Stack = c.Stack
	}
	return m
}

func crashOf(reason any) *actors.Crash {
	err, ok := reason.(error)
	if !ok {
		return nil
	}
	var c *actors.Crash
	if errors.As(err, &c) {
		return c
	}
	return nil
}
