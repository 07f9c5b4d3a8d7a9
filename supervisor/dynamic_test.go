package supervisor_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/internal/actortest"
	"github.com/flute-node/flute-node/supervisor"
)

// worker crashes on a string and blames it.
type worker struct {
	trace *actortest.Trace
	name  string
	at    string
}

func (w *worker) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		w.trace.Add("+%s", w.name)
	case *actor.Restarting, *actor.Stopping:
		w.trace.Add("-%s", w.name)
	case string:
		w.at = m
		panic(m)
	case *actortest.Data:
		w.trace.Add("%s:%d", w.name, m.N)
	}
}

func (w *worker) Blame() string { return w.at }

// TestGaveUpBeforeTerminated: the parent that has much to do is told that its child is given up before that it has
// ended.
func TestGaveUpBeforeTerminated(t *testing.T) {
	actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
		trace := &actortest.Trace{}
		box := actors.NewMailbox(actors.Limits{}, nil)
		pid := actortest.Spawn(t, sys, "p", actors.Spec{
			Strategy: supervisor.NewDynamic(supervisor.DynamicConfig{Intensity: -1}),
			Produce: func() actor.Actor {
				return actor.ReceiveFunc(func(ctx actor.Context) {
					switch m := ctx.Message().(type) {
					case *actor.Started:
						child := actors.Spec{
							Mailbox: box,
							Produce: func() actor.Actor { return &worker{trace: &actortest.Trace{}, name: "x"} },
						}
						_, err := ctx.SpawnNamed(child.Props(), "x")
						actors.Fault(err)
					case time.Duration:
						time.Sleep(m) // the child fails, and ends, meanwhile
					case supervisor.ChildGaveUp:
						trace.Add("gave up")
					case *actor.Terminated:
						trace.Add("terminated")
					}
				})
			},
		})
		synctest.Wait()
		for range 3 {
			sys.Root().Send(pid, time.Second)
		}
		synctest.Wait()
		box.PostUserMessage("crash")
		synctest.Wait()
		time.Sleep(time.Minute)
		if diff := cmp.Diff([]string{"gave up", "terminated"}, trace.Take()); diff != "" {
			t.Errorf("order (-want +got):\n%s", diff)
		}
	})
}

// team is a parent with the children "x" and "y" under a Dynamic strategy.
type team struct {
	trace  actortest.Trace
	gaveUp []supervisor.ChildGaveUp
	events []supervisor.Event
	x, y   *actors.Mailbox
}

func inTeam(t *testing.T, cfg supervisor.DynamicConfig, fn func(t *testing.T, sys *actors.System, team *team)) {
	t.Helper()
	actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
		tm := &team{x: actors.NewMailbox(actors.Limits{}, nil), y: actors.NewMailbox(actors.Limits{}, nil)}
		cfg.Hook = func(e supervisor.Event) { tm.events = append(tm.events, e) }
		spec := actors.Spec{
			Strategy: supervisor.NewDynamic(cfg),
			Produce: func() actor.Actor {
				return actor.ReceiveFunc(func(ctx actor.Context) {
					switch m := ctx.Message().(type) {
					case *actor.Started:
						for name, box := range map[string]*actors.Mailbox{"x": tm.x, "y": tm.y} {
							child := actors.Spec{
								Mailbox: box,
								Produce: func() actor.Actor { return &worker{trace: &tm.trace, name: name} },
							}
							_, err := ctx.SpawnNamed(child.Props(), name)
							actors.Fault(err)
						}
					case supervisor.ChildGaveUp:
						tm.gaveUp = append(tm.gaveUp, m)
					}
				})
			},
		}
		actortest.Spawn(t, sys, "p", spec)
		synctest.Wait()
		tm.trace.Take()
		fn(t, sys, tm)
	})
}

func (tm *team) crash(messages ...string) {
	for _, m := range messages {
		tm.x.PostUserMessage(m)
		synctest.Wait()
	}
}

func TestDynamicLimit(t *testing.T) {
	tests := map[string]struct {
		intensity int
		restarts  int
	}{"default": {0, supervisor.DefaultIntensity}, "two": {2, 2}, "none": {-1, 0}}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := supervisor.DynamicConfig{Intensity: tt.intensity, Period: time.Minute}
			inTeam(t, cfg, func(t *testing.T, _ *actors.System, tm *team) {
				var want []string
				for i := range tt.restarts {
					tm.crash(fmt.Sprint("block ", i))
					want = append(want, "-x", "+x")
				}
				if diff := cmp.Diff(want, tm.trace.Take(), nilIsEmpty); diff != "" {
					t.Errorf("restarts (-want +got):\n%s", diff)
				}
				if len(tm.gaveUp) != 0 {
					t.Fatalf("gave up after %d failures", tt.restarts)
				}
				tm.crash("the last")
				if diff := cmp.Diff([]string{"-x"}, tm.trace.Take()); diff != "" {
					t.Errorf("end (-want +got):\n%s", diff)
				}
				if len(tm.gaveUp) != 1 {
					t.Fatalf("told %d times that the child gave up", len(tm.gaveUp))
				}
				m := tm.gaveUp[0]
				var crash *actors.Crash
				if m.PID.Id != "p/x" || m.Blame != "" || len(m.Stack) == 0 || !errors.As(m.Reason, &crash) ||
					crash.Value != "the last" {
					t.Errorf("gave up: %+v", m)
				}
				if q, ok := tm.events[len(tm.events)-1].(supervisor.Quarantined); !ok ||
					len(tm.events) != tt.restarts+1 || q.Child != "p/x" {
					t.Errorf("events: %+v", tm.events)
				}
				// The neighbour has not noticed.
				tm.y.Offer(&actortest.Data{N: 7})
				synctest.Wait()
				if diff := cmp.Diff([]string{"y:7"}, tm.trace.Take()); diff != "" {
					t.Errorf("neighbour (-want +got):\n%s", diff)
				}
			})
		})
	}
}

var nilIsEmpty = cmp.Transformer("nilIsEmpty", func(s []string) []string { return append([]string{}, s...) })

func TestDynamicPeriod(t *testing.T) {
	inTeam(t, supervisor.DynamicConfig{Intensity: 1}, func(t *testing.T, _ *actors.System, tm *team) {
		for i := range 20 {
			tm.crash(fmt.Sprint(i))
			time.Sleep(supervisor.DefaultDynamicPeriod)
		}
		if len(tm.gaveUp) != 0 {
			t.Error("gave up though the failures were rare")
		}
		tm.crash("a", "b")
		if len(tm.gaveUp) != 1 {
			t.Error("did not give up")
		}
	})
}

// TestSamePoisonTwice: rare failures at the same work are answered by quarantine.
func TestSamePoisonTwice(t *testing.T) {
	inTeam(t, supervisor.DynamicConfig{Intensity: 100}, func(t *testing.T, _ *actors.System, tm *team) {
		queued := &actortest.Data{N: 1}
		tm.crash("block 1", "block 2")
		time.Sleep(time.Hour)
		tm.x.PostUserMessage("block 1")
		tm.x.Offer(queued)
		synctest.Wait()
		if len(tm.gaveUp) != 1 || tm.gaveUp[0].Blame != "block 1" {
			t.Fatalf("gave up: %+v", tm.gaveUp)
		}
		if queued.Released() != 1 {
			t.Errorf("queued Data was released %d times", queued.Released())
		}
		if q := tm.events[2].(supervisor.Quarantined); q.Blame != "block 1" {
			t.Errorf("event: %+v", q)
		}
	})
}

// supervisorStub stands in for an actor with many children.
type supervisorStub struct {
	actor.Supervisor
	children []*actor.PID
	stopped  int
}

func (s *supervisorStub) Children() []*actor.PID        { return s.children }
func (s *supervisorStub) RestartChildren(...*actor.PID) {}
func (s *supervisorStub) StopChildren(...*actor.PID)    { s.stopped++ }

// TestDynamicForgets: what is remembered is bounded by the children that live.
func TestDynamicForgets(t *testing.T) {
	d := supervisor.NewDynamic(supervisor.DynamicConfig{Intensity: 1, Period: time.Hour})
	old := actor.NewPID("nonhost", "old")
	s := &supervisorStub{children: []*actor.PID{old}}
	fail := func(pid *actor.PID) { d.HandleFailure(nil, s, pid, nil, "crash", nil) }
	fail(old)
	for i := range 10_000 {
		pid := actor.NewPID("nonhost", fmt.Sprint("gone", i))
		fail(pid)
	}
	if n := d.Remembered(); n > 200 {
		t.Errorf("%d children remembered, though one lives", n)
	}
	if s.stopped != 0 {
		t.Errorf("%d stopped", s.stopped)
	}
	fail(old)
	if s.stopped != 1 {
		t.Error("a child that lives was forgotten")
	}
}
