package actors_test

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/internal/actortest"
)

func TestLoopRunsInOrderOnOneGoroutine(t *testing.T) {
	loop := actors.NewLoop(nil)
	var order []int // no lock: the race detector checks that there is one goroutine
	for i := range 1000 {
		loop.Schedule(func() {
			order = append(order, i)
			if i == 10 {
				loop.Schedule(func() { order = append(order, -1) })
			}
		})
	}
	loop.Stop()
	loop.Stop()
	if len(order) != 1001 {
		t.Fatalf("%d ran before Stop returned, want all 1001", len(order))
	}
	last := -1
	for _, v := range order {
		if v >= 0 {
			if v != last+1 {
				t.Fatalf("%d ran after %d", v, last)
			}
			last = v
		}
	}
}

func TestLoopStopWhileScheduling(t *testing.T) {
	for range 200 {
		loop := actors.NewLoop(nil)
		var ran, running atomic.Int32
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				for range 50 {
					wg.Add(1)
					loop.Schedule(func() {
						if running.Add(1) != 1 {
							t.Error("two run at once")
						}
						ran.Add(1)
						running.Add(-1)
						wg.Done()
					})
				}
			})
		}
		loop.Stop()
		wg.Wait() // hangs when a straggler is lost
		if ran.Load() != 150 {
			t.Fatalf("ran %d, want 150", ran.Load())
		}
	}
}

// TestGoexit: an actor that ends its goroutine has crashed. Those that share the Loop go on, and Stop does not wait for
// ever.
func TestGoexit(t *testing.T) {
	for name, dispatcher := range map[string]actor.Dispatcher{
		"loop": nil, "goroutines": actor.NewDefaultDispatcher(1),
	} {
		t.Run(name, func(t *testing.T) {
			actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
				trace := &actortest.Trace{}
				loop := actors.NewLoop(nil)
				if dispatcher == nil {
					dispatcher = loop
				}
				spawn := func(name string, ends int) *actor.PID {
					receive := actor.ReceiveFunc(func(ctx actor.Context) {
						switch m := ctx.Message().(type) {
						case *actor.Started:
							trace.Add("%s started", name)
						case *actortest.Data:
							if m.N == ends {
								runtime.Goexit()
							}
							trace.Add("%s handled %d", name, m.N)
						}
					})
					produce := func() actor.Actor { return receive }
					return actortest.Spawn(t, sys, name, actors.Spec{Dispatcher: dispatcher, Produce: produce})
				}
				bad, good := spawn("bad", 1), spawn("good", -1)
				synctest.Wait()
				for i := range 3 {
					sys.Root().Send(bad, &actortest.Data{N: i})
					sys.Root().Send(good, &actortest.Data{N: i})
				}
				synctest.Wait()
				got := trace.Take()
				slices.Sort(got)
				want := []string{
					"bad handled 0", "bad handled 2", "bad started", "bad started",
					"good handled 0", "good handled 1", "good handled 2", "good started",
				}
				if d := cmp.Diff(want, got); d != "" {
					t.Error(d)
				}
				actortest.Stop(t, sys, bad)
				actortest.Stop(t, sys, good)
				loop.Stop()
			})
		})
	}
}

// TestGoexitInsideDeliver: an object that ends its goroutine crashes, and so does its session, within whose handler it
// ran. Both go on.
func TestGoexitInsideDeliver(t *testing.T) {
	actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
		trace := &actortest.Trace{}
		loop := actors.NewLoop(nil)
		defer loop.Stop()
		box := actors.NewMailbox(actors.Limits{}, nil)
		receive := func(name string, handle func(n int)) func() actor.Actor {
			return func() actor.Actor {
				return actor.ReceiveFunc(func(ctx actor.Context) {
					switch m := ctx.Message().(type) {
					case *actor.Started:
						trace.Add("%s started", name)
					case *actortest.Data:
						handle(m.N)
						trace.Add("%s handled %d", name, m.N)
					}
				})
			}
		}
		object := receive("object", func(n int) {
			if n == 0 {
				runtime.Goexit()
			}
		})
		session := receive("session", func(n int) { box.Deliver(&actortest.Data{N: n}) })
		actortest.Spawn(t, sys, "o", actors.Spec{Produce: object, Mailbox: box, Dispatcher: loop})
		pid := actortest.Spawn(t, sys, "s", actors.Spec{Produce: session, Dispatcher: loop})
		for i := range 2 {
			sys.Root().Send(pid, &actortest.Data{N: i})
			synctest.Wait()
		}
		got := trace.Take()
		slices.Sort(got)
		want := []string{
			"object handled 1", "object started", "object started",
			"session handled 1", "session started", "session started",
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}

// TestStopAfterTheLoop: an actor whose Loop has ended can still be stopped and watched.
func TestStopAfterTheLoop(t *testing.T) {
	actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
		loop := actors.NewLoop(nil)
		p := &actortest.Probe{}
		pid := actortest.Spawn(t, sys, "a", actors.Spec{Produce: p.Produce, Dispatcher: loop})
		synctest.Wait()
		loop.Stop()
		actortest.Stop(t, sys, pid)
		if n := len(actortest.Received[*actor.Stopped](p.Take())); n != 1 {
			t.Errorf("Stopped %d times", n)
		}
	})
}

// TestDeliverRunsInsideTheHandler: the object has handled the batch when Deliver returns, or the message when Tell
// returns, and what it sends to the session is queued, not nested.
func TestDeliverRunsInsideTheHandler(t *testing.T) {
	actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
		trace := &actortest.Trace{}
		loop := actors.NewLoop(nil)
		box := actors.NewMailbox(actors.Limits{}, nil)
		object := func() actor.Actor {
			return actor.ReceiveFunc(func(ctx actor.Context) {
				switch m := ctx.Message().(type) {
				case *actortest.Data:
					trace.Add("object %d", m.N)
					ctx.Send(ctx.Parent(), "done")
				case string:
					trace.Add("object %s", m)
				}
			})
		}
		var child *actor.PID
		session := func() actor.Actor {
			return actor.ReceiveFunc(func(ctx actor.Context) {
				switch m := ctx.Message().(type) {
				case *actor.Started:
					spec := actors.Spec{Produce: object, Mailbox: box, Dispatcher: loop}
					child, _ = ctx.SpawnNamed(spec.Props(), "o")
				case *actortest.Data:
					trace.Add("session %d", m.N)
					box.Deliver(&actortest.Data{N: m.N})
					trace.Add("delivered %d", m.N)
					if m.N == 1 {
						box.Tell("word")
						trace.Add("told")
					}
					if m.N == 2 {
						ctx.Send(child, "control")
						box.Deliver(&actortest.Data{N: 22}) // behind what is queued
						trace.Add("end")
					}
				case string:
					trace.Add("session %s", m)
				}
			})
		}
		pid := actortest.Spawn(t, sys, "s", actors.Spec{Produce: session, Dispatcher: loop})
		synctest.Wait()
		sys.Root().Send(pid, &actortest.Data{N: 1})
		synctest.Wait()
		sys.Root().Send(pid, &actortest.Data{N: 2})
		synctest.Wait()
		want := []string{
			"session 1", "object 1", "delivered 1", "object word", "told", "session done",
			"session 2", "object 2", "delivered 2", "end", "session done", "object control", "object 22",
			"session done",
		}
		if diff := cmp.Diff(want, trace.Take()); diff != "" {
			t.Errorf("order (-want +got):\n%s", diff)
		}
		actortest.Stop(t, sys, pid)
		loop.Stop()
	})
}

// TestLoopIsFair: a session that never runs out of messages does not starve its objects.
func TestLoopIsFair(t *testing.T) {
	loop := actors.NewLoop(nil)
	sys := actors.NewSystem(actors.SystemConfig{})
	defer sys.Shutdown()
	var objectRan atomic.Bool
	var handled int
	done := make(chan int, 1)
	session := func() actor.Actor {
		return actor.ReceiveFunc(func(ctx actor.Context) {
			switch ctx.Message().(type) {
			case *actor.Started:
				_, err := ctx.SpawnNamed(actors.Spec{Dispatcher: loop, Produce: func() actor.Actor {
					return actor.ReceiveFunc(func(ctx actor.Context) {
						if _, ok := ctx.Message().(*actor.Started); ok {
							objectRan.Store(true)
						}
					})
				}}.Props(), "o")
				actors.Fault(err)
				ctx.Send(ctx.Self(), "busy")
			case string:
				handled++
				if objectRan.Load() || handled > 1_000_000 {
					done <- handled
					return
				}
				ctx.Send(ctx.Self(), "busy")
			}
		})
	}
	pid, err := sys.Root().SpawnNamed(actors.Spec{Produce: session, Dispatcher: loop}.Props(), "s")
	if err != nil {
		t.Fatal(err)
	}
	if n := <-done; n > 100 {
		t.Errorf("the object waited for %d messages of its session", n)
	}
	stopParent(t, sys, pid)
	loop.Stop()
}

// TestCrashInsideDeliver: the session goes on in the middle of its handler; only the object restarts.
func TestCrashInsideDeliver(t *testing.T) {
	for name, dispatcher := range map[string]actor.Dispatcher{"loop": nil, "inline": inline{}} {
		t.Run(name, func(t *testing.T) {
			actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
				trace := &actortest.Trace{}
				loop := actors.NewLoop(nil)
				defer loop.Stop()
				onLoop := dispatcher
				if onLoop == nil {
					onLoop = loop
				}
				boxes := []*actors.Mailbox{
					actors.NewMailbox(actors.Limits{}, nil),
					actors.NewMailbox(actors.Limits{}, nil),
				}
				object := func(id int) func() actor.Actor {
					return func() actor.Actor {
						return actor.ReceiveFunc(func(ctx actor.Context) {
							switch m := ctx.Message().(type) {
							case *actor.Started:
								trace.Add("%d started", id)
							case *actortest.Data:
								if id == 0 && m.N == 0 {
									panic("poison")
								}
								trace.Add("%d handled %d", id, m.N)
							}
						})
					}
				}
				session := func() actor.Actor {
					return actor.ReceiveFunc(func(ctx actor.Context) {
						switch m := ctx.Message().(type) {
						case *actor.Started:
							for i, box := range boxes {
								spec := actors.Spec{Produce: object(i), Mailbox: box, Dispatcher: onLoop}
								_, err := ctx.SpawnNamed(spec.Props(), string(rune('a'+i)))
								actors.Fault(err)
							}
						case *actortest.Data:
							for _, box := range boxes {
								box.Deliver(&actortest.Data{N: m.N})
							}
							trace.Add("session %d", m.N)
						}
					})
				}
				pid := actortest.Spawn(t, sys, "s", actors.Spec{Produce: session, Dispatcher: loop})
				synctest.Wait()
				for i := range 2 {
					sys.Root().Send(pid, &actortest.Data{N: i})
					synctest.Wait()
				}
				want := []string{
					"0 started", "1 started", "1 handled 0", "session 0", "0 started", "0 handled 1", "1 handled 1",
					"session 1",
				}
				if diff := cmp.Diff(want, trace.Take()); diff != "" {
					t.Errorf("order (-want +got):\n%s", diff)
				}
				actortest.Stop(t, sys, pid)
			})
		})
	}
}
