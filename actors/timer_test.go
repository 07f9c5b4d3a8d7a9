package actors_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/internal/actortest"
)

// TestTimer: a timer fires when it was set to, and not before.
func TestTimer(t *testing.T) {
	actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
		var timer *time.Timer
		p := &actortest.Probe{Handle: func(ctx actor.Context) {
			if _, ok := ctx.Message().(*actor.Started); ok {
				timer = actors.NewTimer(ctx, 7)
			}
		}}
		actortest.Spawn(t, sys, "a", actors.Spec{Produce: p.Produce})
		for _, step := range []struct {
			set, wait time.Duration
			want      []int
		}{{0, 2 * time.Hour, nil}, {time.Second, 999 * time.Millisecond, nil}, {0, time.Millisecond, []int{7}}} {
			if step.set > 0 {
				timer.Reset(step.set)
			}
			time.Sleep(step.wait)
			synctest.Wait()
			if diff := cmp.Diff(step.want, actortest.Received[int](p.Take())); diff != "" {
				t.Errorf("after %v (-want +got):\n%s", step.wait, diff)
			}
		}
	})
}
