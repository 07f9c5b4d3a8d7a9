package actortest

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
)

// Bubble runs fn in a bubble with a System of its own. Dead letters fail the test, but those that say that they may be
// (actor.IgnoreDeadLetterLogging), as does a goroutine that is left behind.
func Bubble(t *testing.T, fn func(t *testing.T, sys *actors.System)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		sys := actors.NewSystem(actors.SystemConfig{OnDeadLetter: func(l *actor.DeadLetterEvent) {
			if _, ok := l.Message.(actor.IgnoreDeadLetterLogging); ok {
				return
			}
			t.Errorf("dead letter for %s: %T", l.PID.GetId(), l.Message)
		}})
		t.Cleanup(func() {
			// protoactor's throttle of the log of dead letters leaves a goroutine for its interval.
			time.Sleep(time.Second)
			synctest.Wait()
			sys.Shutdown()
		})
		fn(t, sys)
	})
}

// Spawn spawns a root actor and stops it when the test ends.
func Spawn(t *testing.T, sys *actors.System, name string, spec actors.Spec) *actor.PID {
	t.Helper()
	pid, err := sys.Root().SpawnNamed(spec.Props(), name)
	if err != nil {
		t.Fatalf("spawn %s: %v", name, err)
	}
	t.Cleanup(func() { Stop(t, sys, pid) })
	return pid
}

// Stop stops an actor within a minute of the bubble's time.
func Stop(t *testing.T, sys *actors.System, pid *actor.PID) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // that of t may have ended
	defer cancel()
	if err := actors.Stop(ctx, sys, pid); err != nil {
		t.Error(err)
	}
}
