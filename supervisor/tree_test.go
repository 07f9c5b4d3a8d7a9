package supervisor_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/internal/actortest"
	"github.com/flute-node/flute-node/supervisor"
)

func TestStrategies(t *testing.T) {
	tests := []struct {
		strategy supervisor.Strategy
		crash    string
		want     string
	}{
		{supervisor.OneForOne, "a", "-a +a"},
		{supervisor.OneForOne, "b", "-b +b"},
		{supervisor.OneForOne, "c", "-c +c"},
		{supervisor.RestForOne, "a", "-c -b -a +a +b +c"},
		{supervisor.RestForOne, "b", "-c -b +b +c"},
		{supervisor.RestForOne, "c", "-c +c"},
		{supervisor.OneForAll, "a", "-c -b -a +a +b +c"},
		{supervisor.OneForAll, "b", "-c -b -a +a +b +c"},
		{supervisor.OneForAll, "c", "-c -b -a +a +b +c"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%v %s", tt.strategy, tt.crash), func(t *testing.T) {
			inBubble(t, func(w *world) {
				pid := w.spawn(supervisor.Config{Strategy: tt.strategy, Children: w.children("a b c")})
				w.want("start", "+a +b +c")
				for range 2 {
					w.send("sup/"+tt.crash, "crash")
					w.want("restart", tt.want)
				}
				w.send("sup/a", "hello")
				w.send("sup/c", "hello")
				w.want("alive", "a:hello c:hello")
				actortest.Stop(t, w.sys, pid)
				w.want("stop", "-c -b -a")
			})
		})
	}
}

// TestStartWaits: a child starts when Started of the one before has been handled, not when it was spawned.
func TestStartWaits(t *testing.T) {
	inBubble(t, func(w *world) {
		w.slow["a"], w.slow["b"] = 3*time.Second, time.Second
		w.spawn(supervisor.Config{Children: w.children("a b c")})
		w.want("at once", "")
		time.Sleep(3 * time.Second)
		synctest.Wait()
		w.want("after a", "+a")
		time.Sleep(time.Second)
		synctest.Wait()
		w.want("after b", "+b +c")
	})
}

// TestStopWaits: a child is stopped when the one after it, with all below it, has terminated.
func TestStopWaits(t *testing.T) {
	inBubble(t, func(w *world) {
		slow := actors.Spec{Produce: func() actor.Actor {
			return actor.ReceiveFunc(func(ctx actor.Context) {
				if _, ok := ctx.Message().(*actor.Stopping); ok {
					time.Sleep(time.Second)
					w.trace.Add("-%s", ctx.Self().Id)
				}
			})
		}}
		inner := supervisor.New(supervisor.Config{Children: []supervisor.Child{
			{Name: "x", Props: slow.Props()}, {Name: "y", Props: slow.Props()},
		}}, w.hook)
		var ended []error
		pid := w.spawn(supervisor.Config{
			Children: append(w.children("a"),
				supervisor.Child{Name: "inner", Props: actors.Spec{Produce: inner}.Props()},
				w.child("b", supervisor.Permanent)),
			OnEnd: func(err error) { ended = append(ended, err) },
		})
		w.trace.Take()
		actortest.Stop(t, w.sys, pid)
		w.want("stop", "-b -sup/inner/y -sup/inner/x -a")
		if len(ended) != 1 || ended[0] != nil {
			t.Errorf("OnEnd got %v, want one nil", ended)
		}
	})
}

// TestRestartInPlaceKeepsTheQueue: what was sent to a child before and during its restart arrives.
func TestRestartInPlaceKeepsTheQueue(t *testing.T) {
	for _, strategy := range []supervisor.Strategy{supervisor.OneForOne, supervisor.RestForOne} {
		inBubble(t, func(w *world) {
			w.spawn(supervisor.Config{
				Strategy: strategy, Children: w.children("a b"),
				Backoff: supervisor.Backoff{Min: time.Second, Jitter: -1},
			})
			w.trace.Take()
			w.send("sup/a", "1", "crash", "2")
			w.send("sup/a", "3")
			want := "a:1"
			if strategy == supervisor.RestForOne {
				want += " -b"
			}
			w.want("before the delay", want)
			time.Sleep(time.Second)
			synctest.Wait()
			got := w.trace.Take()
			if len(got) < 4 || !cmp.Equal(got[:2], []string{"-a", "+a"}) {
				t.Fatalf("%v: %v", strategy, got)
			}
			// The start of b and the queue of a go on at the same time.
			var queue []string
			for _, line := range got[2:] {
				if line != "+b" {
					queue = append(queue, line)
				}
			}
			if diff := cmp.Diff([]string{"a:2", "a:3"}, queue); diff != "" {
				t.Errorf("%v (-want +got):\n%s", strategy, diff)
			}
		})
	}
}

func TestRestartTypes(t *testing.T) {
	tests := []struct {
		restart supervisor.Restart
		message string
		want    string
		alive   bool
	}{
		{supervisor.Permanent, "crash", "-c -b +b +c", true},
		{supervisor.Permanent, "stop", "-b -c +b +c", true},
		{supervisor.Transient, "crash", "-c -b +b +c", true},
		{supervisor.Transient, "stop", "-b", false},
		{supervisor.Temporary, "crash", "-b", false},
		{supervisor.Temporary, "stop", "-b", false},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.restart, tt.message), func(t *testing.T) {
			inBubble(t, func(w *world) {
				pid := w.spawn(supervisor.Config{Strategy: supervisor.RestForOne, Children: []supervisor.Child{
					w.child("a", supervisor.Permanent), w.child("b", tt.restart), w.child("c", supervisor.Permanent),
				}})
				w.trace.Take()
				w.takeEvents()
				w.send("sup/b", tt.message)
				w.want("after "+tt.message, tt.want)
				events := w.takeEvents()
				if _, stopped := events[0].(supervisor.Stopped); stopped == tt.alive {
					t.Errorf("events: %+v", events)
				}
				// A child that has ended stays so when its neighbours are restarted.
				w.send("sup/a", "crash")
				if tt.alive {
					want := "-c -b -a +a +b +c"
					w.want("after a", want)
				} else {
					w.want("after a", "-c -a +a +c")
				}
				actortest.Stop(t, w.sys, pid)
			})
		})
	}
}

// TestTemporaryIsNotStartedAgain, though it was stopped only for the sake of another child.
func TestTemporaryIsNotStartedAgain(t *testing.T) {
	inBubble(t, func(w *world) {
		w.spawn(supervisor.Config{Strategy: supervisor.OneForAll, Children: []supervisor.Child{
			w.child("a", supervisor.Permanent), w.child("b", supervisor.Temporary), w.child("c", supervisor.Transient),
		}})
		w.trace.Take()
		w.send("sup/a", "crash")
		w.want("after a", "-c -b -a +a +c")
	})
}

func TestIntensityAtTheTop(t *testing.T) {
	for _, strategy := range []supervisor.Strategy{supervisor.OneForOne, supervisor.RestForOne, supervisor.OneForAll} {
		inBubble(t, func(w *world) {
			var ended []error
			pid := w.spawn(supervisor.Config{
				Strategy: strategy, Intensity: 2, Period: time.Minute, Children: w.children("a b"),
				OnEnd: func(err error) { ended = append(ended, err) },
			})
			// Failures of different children count together, but only within the period.
			w.send("sup/a", "crash")
			time.Sleep(time.Minute)
			w.send("sup/a", "crash")
			w.send("sup/b", "crash")
			if len(ended) != 0 {
				t.Fatalf("%v: gave up too early: %v", strategy, ended)
			}
			w.trace.Take()
			w.takeEvents()
			w.send("sup/a", "crash")
			w.want("giving up", "-b -a")
			if len(ended) != 1 {
				t.Fatalf("%v: OnEnd was called %d times", strategy, len(ended))
			}
			var gaveUp *supervisor.GaveUpError
			if !errors.As(ended[0], &gaveUp) || gaveUp.Failures != 3 || gaveUp.Child != "a" {
				t.Errorf("%v: err = %v", strategy, ended[0])
			}
			var crash *actors.Crash
			if !errors.As(ended[0], &crash) || crash.Value != "crash of a" {
				t.Errorf("%v: the crash is not in %v", strategy, ended[0])
			}
			want := "supervisor: sup gave up after 3 failures within 1m0s, the last of a: " +
				"actors: sup/a panicked on string: crash of a"
			if ended[0].Error() != want {
				t.Errorf("text = %q", ended[0].Error())
			}
			if events := w.takeEvents(); len(events) != 1 || events[0].(supervisor.GaveUp).Child != "sup/a" {
				t.Errorf("%v: events: %+v", strategy, events)
			}
			if _, alive := w.sys.System().ProcessRegistry.Get(pid); alive {
				t.Errorf("%v: the root still runs", strategy)
			}
		})
	}
}

// TestIntensityEscalates: a tree below fails as a whole, and its supervisor restarts it by its own strategy.
func TestIntensityEscalates(t *testing.T) {
	inBubble(t, func(w *world) {
		var ended []error
		inner := supervisor.New(supervisor.Config{Intensity: 1, Period: time.Minute, Children: w.children("x y")},
			w.hook)
		w.spawn(supervisor.Config{
			Strategy: supervisor.RestForOne, Intensity: 1, Period: time.Hour,
			Children: []supervisor.Child{
				w.child("a", supervisor.Permanent),
				{Name: "inner", Props: actors.Spec{Produce: inner}.Props()},
				w.child("b", supervisor.Permanent),
			},
			OnEnd: func(err error) { ended = append(ended, err) },
		})
		w.want("start", "+a +x +y +b")
		w.send("sup/inner/x", "crash")
		w.want("first", "-x +x")
		w.send("sup/inner/x", "crash")
		w.want("escalated", "-y -x -b +x +y +b")
		// The new supervisor has forgotten the failures of the old one; the one above has not.
		w.send("sup/inner/y", "crash")
		w.want("third", "-y +y")
		w.send("sup/inner/y", "crash")
		w.want("escalated to the top", "-y -x -b -a")
		var gaveUp *supervisor.GaveUpError
		if len(ended) != 1 || !errors.As(ended[0], &gaveUp) || gaveUp.Supervisor != "sup" || gaveUp.Child != "inner" {
			t.Errorf("OnEnd got %v", ended)
		}
	})
}

func TestNegativeIntensityNeverRestarts(t *testing.T) {
	inBubble(t, func(w *world) {
		ends := 0
		w.spawn(supervisor.Config{Intensity: -1, Children: w.children("a"), OnEnd: func(error) { ends++ }})
		w.send("sup/a", "crash")
		w.want("trace", "+a -a")
		if ends != 1 {
			t.Errorf("OnEnd was called %d times", ends)
		}
	})
}

// TestFailureWhileStarting: the children after it wait for it.
func TestFailureWhileStarting(t *testing.T) {
	for _, strategy := range []supervisor.Strategy{supervisor.OneForOne, supervisor.RestForOne, supervisor.OneForAll} {
		for _, delay := range []time.Duration{0, time.Second} {
			t.Run(fmt.Sprint(strategy, delay), func(t *testing.T) {
				inBubble(t, func(w *world) {
					w.ill["b"] = 2
					w.spawn(supervisor.Config{
						Strategy: strategy, Children: w.children("a b c"),
						Backoff: supervisor.Backoff{Min: delay, Jitter: -1},
					})
					time.Sleep(10 * time.Second)
					synctest.Wait()
					if strategy == supervisor.OneForAll {
						w.want("start", "+a +b -b -a +a +b -b -a +a +b +c")
					} else {
						w.want("start", "+a +b -b +b -b +b +c")
					}
				})
			})
		}
	}
}

// TestFailureWhileRestarting has a second child fail in each phase of the restart for the first.
func TestFailureWhileRestarting(t *testing.T) {
	backoff := supervisor.Backoff{Min: time.Second, Jitter: -1}
	t.Run("lower child while waiting", func(t *testing.T) {
		inBubble(t, func(w *world) {
			w.spawn(supervisor.Config{Strategy: supervisor.RestForOne, Children: w.children("a b c"), Backoff: backoff})
			w.trace.Take()
			w.send("sup/b", "crash")
			w.send("sup/a", "crash")
			w.want("cleared", "-c -b")
			time.Sleep(10 * time.Second)
			synctest.Wait()
			w.want("restarted", "-a +a +b +c")
		})
	})
	t.Run("lower child while filling", func(t *testing.T) {
		inBubble(t, func(w *world) {
			w.spawn(supervisor.Config{Strategy: supervisor.RestForOne, Children: w.children("a b c")})
			w.trace.Take()
			w.slow["b"] = time.Second
			w.send("sup/b", "crash")
			w.send("sup/a", "crash") // while b is in Started
			time.Sleep(10 * time.Second)
			synctest.Wait()
			w.want("restarted", "-c -b +b -b -a +a +b +c")
		})
	})
	t.Run("two at once", func(t *testing.T) {
		inBubble(t, func(w *world) {
			w.spawn(supervisor.Config{Children: w.children("a b c"), Backoff: backoff, Intensity: 9})
			w.trace.Take()
			w.send("sup/b", "crash")
			w.send("sup/a", "crash")
			w.want("suspended", "")
			time.Sleep(time.Second)
			synctest.Wait()
			w.want("b", "-b +b")
			time.Sleep(time.Second)
			synctest.Wait()
			w.want("a", "-a +a")
		})
	})
	t.Run("stopped while it waits in the first start", func(t *testing.T) {
		inBubble(t, func(w *world) {
			w.ill["b"] = 1
			w.spawn(supervisor.Config{Children: w.children("a b c"), Backoff: backoff})
			w.want("waiting", "+a +b")
			w.sys.Root().Stop(w.sys.System().NewLocalPID("sup/b"))
			synctest.Wait()
			w.want("still waiting", "-b")
			time.Sleep(time.Second)
			synctest.Wait()
			w.want("after the delay", "+b +c")
		})
	})
	t.Run("stopped while it waits", func(t *testing.T) {
		inBubble(t, func(w *world) {
			w.spawn(supervisor.Config{Children: w.children("a b"), Backoff: backoff})
			w.trace.Take()
			w.send("sup/a", "crash")
			w.sys.Root().Stop(w.sys.System().NewLocalPID("sup/a"))
			time.Sleep(10 * time.Second)
			synctest.Wait()
			w.want("spawned anew", "-a +a")
			if n := len(actortest.Received[supervisor.Failed](anys(w.takeEvents()))); n != 1 {
				t.Errorf("%d failures were counted, want 1", n)
			}
		})
	})
}

func anys(events []supervisor.Event) []any {
	var a []any
	for _, e := range events {
		a = append(a, e)
	}
	return a
}

// TestFailureWhileStopping neither counts nor delays the stop.
func TestFailureWhileStopping(t *testing.T) {
	inBubble(t, func(w *world) {
		slow := actors.Spec{Produce: func() actor.Actor {
			return actor.ReceiveFunc(func(ctx actor.Context) {
				if _, ok := ctx.Message().(*actor.Stopping); ok {
					time.Sleep(time.Second)
				}
			})
		}}
		var ended []error
		pid := w.spawn(supervisor.Config{
			Intensity: -1,
			Children:  append(w.children("a b"), supervisor.Child{Name: "slow", Props: slow.Props()}),
			OnEnd:     func(err error) { ended = append(ended, err) },
		})
		w.takeEvents()
		w.sys.Root().Stop(pid)
		synctest.Wait()
		w.send("sup/a", "crash")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		w.want("stop", "+a +b -a -b")
		if len(ended) != 1 || ended[0] != nil {
			t.Errorf("OnEnd got %v, want one nil", ended)
		}
		if e := w.takeEvents(); len(e) != 0 {
			t.Errorf("events: %+v", e)
		}
	})
}

// TestTimerThatFiredTooLate: the supervisor is busy when the timer fires, and cancels the restart before it sees it.
func TestTimerThatFiredTooLate(t *testing.T) {
	inBubble(t, func(w *world) {
		cfg := supervisor.Config{
			Strategy: supervisor.RestForOne, Children: w.children("a b"),
			Backoff: supervisor.Backoff{Min: time.Second, Jitter: -1},
		}
		actortest.Spawn(t, w.sys, "sup", actors.Spec{Produce: supervisor.New(cfg, func(e supervisor.Event) {
			if f, ok := e.(supervisor.Failed); ok && f.Child == "sup/a" {
				time.Sleep(500 * time.Millisecond)
			}
		})})
		synctest.Wait()
		w.trace.Take()
		w.send("sup/b", "crash")
		time.Sleep(900 * time.Millisecond)
		w.sys.Root().Stop(w.sys.System().NewLocalPID("sup/b")) // nothing is left to be cleared
		synctest.Wait()
		w.send("sup/a", "crash")
		time.Sleep(time.Second) // the timer for b has fired at 1 s; that for a fires at 3.3 s
		synctest.Wait()
		w.want("before the delay", "-b")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		w.want("after the delay", "-a +a +b")
	})
}

// TestAnswerOfAnEarlierIncarnation: the answer to a handshake waits in the queue while the child has failed again.
func TestAnswerOfAnEarlierIncarnation(t *testing.T) {
	inBubble(t, func(w *world) {
		w.slow["b"] = time.Second
		children := append([]supervisor.Child{w.child("t", supervisor.Temporary)}, w.children("b c")...)
		cfg := supervisor.Config{Children: children}
		actortest.Spawn(t, w.sys, "sup", actors.Spec{Produce: supervisor.New(cfg, func(e supervisor.Event) {
			if _, ok := e.(supervisor.Stopped); ok {
				time.Sleep(500 * time.Millisecond)
			}
		})})
		time.Sleep(900 * time.Millisecond)
		w.send("sup/b", "crash") // after Started, and after the answer
		w.send("sup/t", "stop")
		time.Sleep(time.Second)
		synctest.Wait()
		w.want("b starts again", "+t -t +b -b")
		time.Sleep(time.Second)
		synctest.Wait()
		w.want("c waits for it", "+b +c")
	})
}

func TestStopWhileWaiting(t *testing.T) {
	for _, strategy := range []supervisor.Strategy{supervisor.OneForOne, supervisor.RestForOne} {
		inBubble(t, func(w *world) {
			pid := w.spawn(supervisor.Config{
				Strategy: strategy, Children: w.children("a b"),
				Backoff: supervisor.Backoff{Min: time.Hour, Max: time.Hour},
			})
			w.send("sup/b", "crash")
			before := time.Now()
			actortest.Stop(t, w.sys, pid)
			if d := time.Since(before); d != 0 {
				t.Errorf("%v: the stop took %v", strategy, d)
			}
			w.want("all", "+a +b -b -a")
		})
	}
}

// TestPanicsOfChildrenWhileStopping do not stop the restart of the others.
func TestPanicsOfChildrenWhileStopping(t *testing.T) {
	inBubble(t, func(w *world) {
		bad := actors.Spec{Produce: func() actor.Actor {
			return actor.ReceiveFunc(func(ctx actor.Context) {
				switch ctx.Message().(type) {
				case *actor.Started:
					w.trace.Add("+bad")
				case *actor.Stopping, *actor.Stopped, *actor.Restarting:
					panic("while stopping")
				}
			})
		}}
		pid := w.spawn(supervisor.Config{
			Strategy: supervisor.OneForAll,
			Children: append(w.children("a"), supervisor.Child{Name: "bad", Props: bad.Props()}),
		})
		w.trace.Take()
		w.send("sup/a", "crash")
		w.want("restart", "-a +a +bad")
		actortest.Stop(t, w.sys, pid)
	})
}

func TestChildThatCannotBeSpawned(t *testing.T) {
	inBubble(t, func(w *world) {
		var ended error
		w.spawn(supervisor.Config{Children: w.children("a b a"), OnEnd: func(err error) { ended = err }})
		w.want("trace", "+a +b -b -a")
		if !errors.Is(ended, actor.ErrNameExists) ||
			ended.Error() != "supervisor: sup cannot start a: spawn: name exists" {
			t.Errorf("OnEnd got %v", ended)
		}
	})
}

func TestEventsAndAPanickingHook(t *testing.T) {
	actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
		w := &world{t: t, sys: sys, live: map[string]int{}}
		w.ill = map[string]int{}
		pid := actortest.Spawn(t, sys, "sup", actors.Spec{Produce: supervisor.New(supervisor.Config{
			Children: w.children("a"), Backoff: supervisor.Backoff{Min: time.Second, Jitter: -1},
		}, func(e supervisor.Event) {
			w.hook(e)
			panic("in the hook")
		})})
		synctest.Wait()
		w.send("sup/a", "crash")
		time.Sleep(time.Second)
		synctest.Wait()
		events := w.takeEvents()
		if len(events) != 3 {
			t.Fatalf("events: %+v", events)
		}
		failed, ok := events[1].(supervisor.Failed)
		var crash *actors.Crash
		if !ok || !errors.As(failed.Reason, &crash) {
			t.Errorf("second event: %+v", events[1])
		}
		failed.Reason = nil
		got := []supervisor.Event{events[0], failed, events[2]}
		want := []supervisor.Event{
			supervisor.Started{Supervisor: "sup", Child: "sup/a"},
			supervisor.Failed{Supervisor: "sup", Child: "sup/a", Delay: time.Second},
			supervisor.Started{Supervisor: "sup", Child: "sup/a", Restarts: 1},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		actortest.Stop(t, sys, pid)
	})
}

// TestRandomFailures: whatever happens in whatever order, the tree settles with each child running once.
func TestRandomFailures(t *testing.T) {
	for seed := range uint64(40) {
		inBubble(t, func(w *world) {
			random := rand.New(rand.NewPCG(seed, 1))
			names := []string{"a", "b", "c", "d"}
			for _, n := range names {
				w.slow[n] = time.Duration(random.IntN(50)) * time.Millisecond
			}
			var backoff supervisor.Backoff
			if seed%2 == 0 {
				backoff = supervisor.Backoff{Min: 20 * time.Millisecond, Max: 100 * time.Millisecond, Seed: seed + 1}
			}
			pid := w.spawn(supervisor.Config{
				Strategy: supervisor.Strategy(seed % 3), Children: w.children("a b c d"), Intensity: 1 << 20,
				Backoff: backoff,
				OnEnd: func(err error) {
					if err != nil {
						t.Errorf("seed %d: %v", seed, err)
					}
				},
			})
			time.Sleep(time.Second)
			for range 60 {
				synctest.Wait()
				id := w.sys.System().NewLocalPID("sup/" + names[random.IntN(len(names))])
				// A child that is down right now is left alone: the message would be a dead letter.
				if _, up := w.sys.System().ProcessRegistry.Get(id); up {
					switch random.IntN(4) {
					case 0:
						w.sys.Root().Stop(id)
					default:
						w.sys.Root().Send(id, "crash")
					}
				}
				time.Sleep(time.Duration(random.IntN(40)) * time.Millisecond)
			}
			time.Sleep(time.Hour)
			synctest.Wait()
			for _, n := range names {
				if live := w.count(n, 0); live != 1 {
					t.Errorf("seed %d: %d of %s live, want 1", seed, live, n)
				}
			}
			w.trace.Take()
			actortest.Stop(t, w.sys, pid)
			w.want("stop", "-d -c -b -a")
		})
	}
}
