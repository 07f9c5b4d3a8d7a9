package actors_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/inject"
	"github.com/flute-node/flute-node/internal/actortest"
)

// handledUnder returns which of n numbers the child "p/c" handled under faults, and how often it was started.
func handledUnder(t *testing.T, n int, faults *inject.Faults) (handled []int, starts int) {
	t.Helper()
	actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
		p := &actortest.Probe{}
		restart := strategyFunc(func(sup actor.Supervisor, child *actor.PID, reason, _ any) {
			var injected *inject.Fault
			if !errors.As(reason.(error), &injected) || injected.Actor != "child/1" {
				t.Errorf("reason = %v", reason)
			}
			sup.RestartChildren(child)
		})
		_, child := spawnParent(t, sys, restart, actors.Spec{
			Produce: p.Produce, Faults: faults, Name: "child/1", Kind: func(m any) string {
				if m == 1 || m == 2 {
					return "number"
				}
				return ""
			},
		})
		for i := range n {
			sys.Root().Send(child, i)
		}
		time.Sleep(time.Hour) // delays pass
		synctest.Wait()
		got := p.Take()
		handled = actortest.Received[int](got)
		starts = len(actortest.Received[*actor.Started](got))
	})
	return handled, starts
}

func TestFaults(t *testing.T) {
	tests := map[string]struct {
		rules    []inject.Rule
		want     []int
		starts   int
		injected uint64
	}{
		"none":             {nil, []int{0, 1, 2, 3}, 1, 0},
		"other actor":      {[]inject.Rule{{Actor: "*", Kind: inject.Drop}}, []int{0, 1, 2, 3}, 1, 0},
		"other message":    {[]inject.Rule{{Message: "string", Kind: inject.Drop}}, []int{0, 1, 2, 3}, 1, 0},
		"nth panic before": {[]inject.Rule{{Actor: "p/*", Nth: 2}}, []int{0, 2, 3}, 2, 1},
		"nth panic after":  {[]inject.Rule{{Actor: "p/c", Message: "int", Nth: 2, After: true}}, []int{0, 1, 2, 3}, 2, 1},
		"two panics":       {[]inject.Rule{{Nth: 2}, {Nth: 3}}, []int{0, 3}, 3, 2},
		"by name":          {[]inject.Rule{{Actor: "child/*", Nth: 2}}, []int{0, 2, 3}, 2, 1},
		"by kind":          {[]inject.Rule{{Message: "number", Nth: 2}}, []int{0, 1, 3}, 2, 1},
		"drop":             {[]inject.Rule{{Kind: inject.Drop, Nth: 1}}, []int{1, 2, 3}, 1, 1},
		"duplicate":        {[]inject.Rule{{Kind: inject.Duplicate, Nth: 4}}, []int{0, 1, 2, 3, 3}, 1, 1},
		"delay":            {[]inject.Rule{{Kind: inject.Delay, Delay: time.Minute}}, []int{0, 1, 2, 3}, 1, 4},
		"in started":       {[]inject.Rule{{Message: "started", Nth: 1, After: true}}, []int{0, 1, 2, 3}, 2, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			faults := inject.New(1, tt.rules...)
			got, starts := handledUnder(t, 4, faults)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("handled (-want +got):\n%s", diff)
			}
			if starts != tt.starts {
				t.Errorf("started %d times, want %d", starts, tt.starts)
			}
			if faults.Injected() != tt.injected {
				t.Errorf("injected %d, want %d", faults.Injected(), tt.injected)
			}
		})
	}
}

func TestFaultsAreReproducible(t *testing.T) {
	rule := inject.Rule{Kind: inject.Drop, Probability: 0.3}
	first, _ := handledUnder(t, 200, inject.New(42, rule))
	again, _ := handledUnder(t, 200, inject.New(42, rule))
	other, _ := handledUnder(t, 200, inject.New(43, rule))
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("the same seed differs (-first +again):\n%s", diff)
	}
	if cmp.Equal(first, other) {
		t.Error("another seed injects the same faults")
	}
	if n := len(first); n < 110 || n > 170 {
		t.Errorf("%d of 200 messages survived a loss of 30 %%", n)
	}
}

func TestFaultsRefuseAMalformedPattern(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a malformed pattern was accepted")
		}
	}()
	inject.New(1, inject.Rule{Actor: "["})
}

func TestNilFaults(t *testing.T) {
	var f *inject.Faults
	if f.Injected() != 0 {
		t.Error("nil Faults have injected something")
	}
}
