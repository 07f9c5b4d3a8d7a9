package supervisor_test

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/internal/actortest"
	"github.com/flute-node/flute-node/supervisor"
)

// world is a tree of traced children under test.
type world struct {
	t     *testing.T
	sys   *actors.System
	trace actortest.Trace

	mu     sync.Mutex
	events []supervisor.Event
	live   map[string]int           // incarnations by name
	slow   map[string]time.Duration // time that Started takes
	ill    map[string]int           // how many more times Started panics
}

func inBubble(t *testing.T, fn func(w *world)) {
	t.Helper()
	actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
		fn(&world{t: t, sys: sys, live: map[string]int{}, slow: map[string]time.Duration{}, ill: map[string]int{}})
	})
}

func (w *world) hook(e supervisor.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, e)
}

func (w *world) takeEvents() []supervisor.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := w.events
	w.events = nil
	return e
}

func (w *world) count(name string, n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.live[name] += n
	return w.live[name]
}

func (w *world) fallsIll(name string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ill[name]--
	return w.ill[name] >= 0
}

// child is traced as "+name" when started and "-name" when its incarnation ends. It obeys "crash" and "stop".
func (w *world) child(name string, restart supervisor.Restart) supervisor.Child {
	spec := actors.Spec{Produce: func() actor.Actor {
		return actor.ReceiveFunc(func(ctx actor.Context) {
			switch m := ctx.Message().(type) {
			case *actor.Started:
				time.Sleep(w.slow[name])
				w.trace.Add("+%s", name)
				if w.count(name, 1) != 1 {
					w.t.Errorf("two incarnations of %s live", name)
				}
				if w.fallsIll(name) {
					panic("ill")
				}
			case *actor.Restarting, *actor.Stopping:
				w.trace.Add("-%s", name)
				w.count(name, -1)
			case string:
				switch m {
				case "crash":
					panic("crash of " + name)
				case "stop":
					ctx.Stop(ctx.Self())
				default:
					w.trace.Add("%s:%s", name, m)
				}
			}
		})
	}}
	return supervisor.Child{Name: name, Props: spec.Props(), Restart: restart}
}

func (w *world) children(names string) []supervisor.Child {
	var c []supervisor.Child
	for name := range strings.FieldsSeq(names) {
		c = append(c, w.child(name, supervisor.Permanent))
	}
	return c
}

// spawn spawns the root of a tree, waits for its start, and forgets what happened so far.
func (w *world) spawn(cfg supervisor.Config) *actor.PID {
	w.t.Helper()
	pid := actortest.Spawn(w.t, w.sys, "sup", actors.Spec{Produce: supervisor.New(cfg, w.hook)})
	time.Sleep(time.Millisecond)
	synctest.Wait()
	return pid
}

func (w *world) send(id string, messages ...any) {
	for _, m := range messages {
		w.sys.Root().Send(w.sys.System().NewLocalPID(id), m)
	}
	synctest.Wait()
}

// want compares what happened since the last call.
func (w *world) want(what, trace string) {
	w.t.Helper()
	if diff := cmp.Diff(strings.Fields(trace), w.trace.Take()); diff != "" {
		w.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
