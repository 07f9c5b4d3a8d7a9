package actors_test

import (
	"context"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
)

// strategyFunc is a strategy made of a function.
type strategyFunc func(sup actor.Supervisor, child *actor.PID, reason, msg any)

func (f strategyFunc) HandleFailure(
	_ *actor.ActorSystem, sup actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics, reason, msg any,
) {
	f(sup, child, reason, msg)
}

// spawnParent spawns a root actor "p" with strategy and one child "p/c".
func spawnParent(
	t *testing.T, sys *actors.System, strategy actor.SupervisorStrategy, child actors.Spec,
) (parent, pid *actor.PID) {
	t.Helper()
	spawned := make(chan *actor.PID, 1)
	parent, err := sys.Root().SpawnNamed(actors.Spec{Strategy: strategy, Produce: func() actor.Actor {
		return actor.ReceiveFunc(func(ctx actor.Context) {
			if _, ok := ctx.Message().(*actor.Started); ok {
				pid, err := ctx.SpawnNamed(child.Props(), "c")
				actors.Fault(err)
				spawned <- pid
			}
		})
	}}.Props(), "p")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopParent(t, sys, parent) })
	return parent, <-spawned
}

func stopParent(t *testing.T, sys *actors.System, pid *actor.PID) {
	t.Helper()
	if err := actors.Stop(context.Background(), sys, pid); err != nil {
		t.Error(err)
	}
}

// inline is a dispatcher that runs an actor on the goroutine of whoever posts to it.
type inline struct{}

func (inline) Schedule(fn func()) { fn() }
func (inline) Throughput() int    { return 300 }
