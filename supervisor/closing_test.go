package supervisor_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/supervisor"
)

// TestGivesUpWithNobodyAlive: a tree whose only child has ended once too often ends, though there is nobody left to
// wait for.
func TestGivesUpWithNobodyAlive(t *testing.T) {
	for _, strategy := range []supervisor.Strategy{supervisor.OneForOne, supervisor.RestForOne, supervisor.OneForAll} {
		inBubble(t, func(w *world) {
			var ended []error
			pid := w.spawn(supervisor.Config{
				Strategy: strategy, Intensity: 1, Period: time.Minute, Children: w.children("a"),
				OnEnd: func(err error) { ended = append(ended, err) },
			})
			w.send("sup/a", "stop")
			w.want("restarted", "+a -a +a")
			w.send("sup/a", "stop")
			w.want("given up", "-a")
			var gaveUp *supervisor.GaveUpError
			if len(ended) != 1 || !errors.As(ended[0], &gaveUp) || !errors.Is(ended[0], supervisor.ErrStopped) {
				t.Errorf("%v: OnEnd got %v", strategy, ended)
			}
			if _, alive := w.sys.System().ProcessRegistry.Get(pid); alive {
				t.Errorf("%v: the root still runs", strategy)
			}
		})
	}
}

// TestPanicOfTheTree: when a tree itself crashes, the runtime stops its children. The tree that goes takes none of that
// for a failure of theirs; the next one starts them.
func TestPanicOfTheTree(t *testing.T) {
	for _, strategy := range []supervisor.Strategy{supervisor.OneForOne, supervisor.RestForOne, supervisor.OneForAll} {
		inBubble(t, func(w *world) {
			inner := supervisor.New(supervisor.Config{Strategy: strategy, Children: w.children("x y z")}, w.hook)
			child := supervisor.Child{Name: "inner", Props: actors.Spec{Produce: inner}.Props()}
			w.spawn(supervisor.Config{Children: []supervisor.Child{child}})
			for range 2 {
				w.trace.Take()
				w.takeEvents()
				w.send("sup/inner", supervisor.BadMessage())
				time.Sleep(time.Minute)
				synctest.Wait()
				trace := w.trace.Take()
				if len(trace) != 6 || !cmp.Equal(trace[3:], []string{"+x", "+y", "+z"}) {
					t.Errorf("%v: %v", strategy, trace)
				}
				failed := []string{}
				for _, e := range w.takeEvents() {
					if e, ok := e.(supervisor.Failed); ok {
						failed = append(failed, e.Child)
					}
				}
				if diff := cmp.Diff([]string{"sup/inner"}, failed); diff != "" {
					t.Errorf("%v: who failed (-want +got):\n%s", strategy, diff)
				}
			}
		})
	}
}
