package actors_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/internal/actortest"
)

// oracle answers numbers with themselves plus one.
func oracle(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case int:
		ctx.Respond(m + 1)
	case error:
		actors.Fault(m)
	case *actor.PID: // asked to stop before the next message is handled
		ctx.Stop(ctx.Self())
	}
}

func TestAsk(t *testing.T) {
	errOracle := errors.New("no idea")
	for name, props := range map[string]*actor.Props{
		"of the kit":    actors.Spec{Produce: func() actor.Actor { return actor.ReceiveFunc(oracle) }}.Props(),
		"of protoactor": actor.PropsFromFunc(oracle),
	} {
		t.Run(name, func(t *testing.T) {
			actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
				pid := sys.Root().Spawn(props)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				for range 3 {
					if n, err := actors.Ask[int](ctx, sys, pid, 41); n != 42 || err != nil {
						t.Errorf("%d, %v", n, err)
					}
				}
				if _, err := actors.Ask[string](ctx, sys, pid, 41); err == nil ||
					!strings.Contains(err.Error(), "answers int with int") {
					t.Errorf("an answer of another type: %v", err)
				}
				short, cancel := context.WithTimeout(ctx, time.Second)
				defer cancel()
				before := time.Now()
				if _, err := actors.Ask[int](short, sys, pid, "what?"); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("no answer: %v", err)
				}
				if d := time.Since(before); d != time.Second {
					t.Errorf("waited for %v", d)
				}
				if name == "of the kit" {
					before = time.Now()
					var crash *actors.Crash
					if _, err := actors.Ask[int](ctx, sys, pid, errOracle); !errors.As(err, &crash) ||
						!errors.Is(err, errOracle) {
						t.Errorf("a panic over the question: %v", err)
					}
					if n, err := actors.Ask[int](ctx, sys, pid, 41); n != 42 || err != nil || time.Since(before) > 0 {
						t.Errorf("after the restart: %d, %v, %v", n, err, time.Since(before))
					}
				}
				if _, err := actors.Ask[int](ctx, sys, pid, pid); !errors.Is(err, actors.ErrGone) {
					t.Errorf("one that stops instead: %v", err)
				}
				synctest.Wait()
				if _, err := actors.Ask[int](ctx, sys, pid, 41); !errors.Is(err, actors.ErrGone) {
					t.Errorf("one that has stopped: %v", err)
				}
			})
		})
	}
}
