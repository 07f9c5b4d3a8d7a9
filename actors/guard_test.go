package actors_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/internal/actortest"
	"github.com/flute-node/flute-node/internal/panicked"
)

var errDisk = errors.New("disk")

// blamer panics on a string and blames it.
type blamer struct{ at string }

func (b *blamer) Receive(ctx actor.Context) {
	if s, ok := ctx.Message().(string); ok {
		b.at = s
		if s == "elsewhere" {
			panic(&panicked.Passed{Value: errDisk, Stack: []byte("(*blamer).Receive.elsewhere")})
		}
		actors.Fault(errDisk)
	}
}

func (b *blamer) Blame() string {
	if b.at == "speechless" {
		panic("cannot say")
	}
	return b.at
}

func TestCrashTellsWhatHappened(t *testing.T) {
	for _, work := range []string{"block 7", "speechless", "elsewhere"} {
		actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
			reasons := make(chan any, 1)
			var reported *actors.Crash
			_, child := spawnParent(t, sys, strategyFunc(func(sup actor.Supervisor, child *actor.PID, reason, _ any) {
				reasons <- reason
				sup.RestartChildren(child)
			}), actors.WithOnCrash(actors.Spec{
				Produce: func() actor.Actor { return &blamer{} },
			}, func(_ *actor.PID, c *actors.Crash) { reported = c; panic("in the hook") }))
			sys.Root().Send(child, work)
			synctest.Wait()
			reason := <-reasons
			c, ok := reason.(*actors.Crash)
			if !ok {
				t.Fatalf("reason is %T", reason)
			}
			if c != reported {
				t.Errorf("the hook got %v", reported)
			}
			want := &actors.Crash{Value: errDisk, Actor: "p/c", Message: "string"}
			if work != "speechless" {
				want.Blame = work
			}
			if !strings.Contains(string(c.Stack), "blamer).Receive") {
				t.Errorf("the stack does not show the actor:\n%s", c.Stack)
			}
			if strings.Contains(string(c.Stack), "elsewhere") != (work == "elsewhere") {
				t.Errorf("%s: the stack is that of another goroutine:\n%s", work, c.Stack)
			}
			got := *c
			got.Stack = nil
			if got.Value != want.Value || got.Actor != want.Actor || got.Message != want.Message ||
				got.Blame != want.Blame {
				t.Errorf("crash = %+v, want %+v", got, *want)
			}
			if !errors.Is(c, errDisk) {
				t.Error("errors.Is does not see the fault")
			}
			if c.Error() != "actors: p/c panicked on string: disk" {
				t.Errorf("text = %q", c.Error())
			}
		})
	}
}

func TestFaultOfNothing(*testing.T) { actors.Fault(nil) }

// TestPanicsInLifecycle: whatever message an actor panics on, it can be stopped, and it is stopped once.
func TestPanicsInLifecycle(t *testing.T) {
	tests := map[string]struct {
		on    func(msg any) bool
		crash bool // also on "crash"
		want  []string
	}{
		"started": {
			func(m any) bool { _, ok := m.(*actor.Started); return ok }, false,
			[]string{"started", "stopping", "stopped"},
		},
		"stopping": {
			func(m any) bool { _, ok := m.(*actor.Stopping); return ok }, false,
			[]string{"started", "stopping", "stopped"},
		},
		"stopped": {
			func(m any) bool { _, ok := m.(*actor.Stopped); return ok }, false,
			[]string{"started", "stopping", "stopped"},
		},
		"terminated": {
			func(m any) bool { _, ok := m.(*actor.Terminated); return ok }, false,
			[]string{"started", "stopping", "stopped"},
		},
		"restarting": {
			func(m any) bool { _, ok := m.(*actor.Restarting); return ok }, true,
			[]string{"started", "restarting", "started", "stopping", "stopped"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
				trace := &actortest.Trace{}
				crashes := 0
				spec := actors.Spec{
					Produce: func() actor.Actor {
						return actor.ReceiveFunc(func(ctx actor.Context) {
							switch ctx.Message().(type) {
							case *actor.Started:
								trace.Add("started")
								child := actors.Spec{Produce: (&actortest.Probe{}).Produce}
								if _, err := ctx.SpawnNamed(child.Props(), "x"); err != nil {
									t.Error(err)
								}
							case *actor.Stopping:
								trace.Add("stopping")
							case *actor.Stopped:
								trace.Add("stopped")
							case *actor.Restarting:
								trace.Add("restarting")
							}
							if tt.on(ctx.Message()) || ctx.Message() == "crash" {
								panic(name)
							}
						})
					},
				}
				restart := strategyFunc(func(sup actor.Supervisor, child *actor.PID, _, msg any) {
					if msg == "crash" {
						sup.RestartChildren(child)
					}
				})
				spec = actors.WithOnCrash(spec, func(*actor.PID, *actors.Crash) { crashes++ })
				parent, child := spawnParent(t, sys, restart, spec)
				if tt.crash {
					sys.Root().Send(child, "crash")
				}
				synctest.Wait()
				before := time.Now()
				actortest.Stop(t, sys, parent)
				if d := time.Since(before); d > time.Millisecond {
					t.Errorf("the stop took %v", d)
				}
				if diff := cmp.Diff(tt.want, trace.Take()); diff != "" {
					t.Errorf("lifecycle (-want +got):\n%s", diff)
				}
				if crashes == 0 {
					t.Error("the panic was not reported")
				}
			})
		})
	}
}

// TestPanicWhileProducing: the failure is the child's, and a duplicate name runs no producer.
func TestPanicWhileProducing(t *testing.T) {
	actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
		produced, failures := 0, 0
		_, child := spawnParent(t, sys, strategyFunc(func(sup actor.Supervisor, child *actor.PID, _, _ any) {
			failures++
			sup.RestartChildren(child)
		}), actors.Spec{Produce: func() actor.Actor {
			produced++
			if produced == 1 {
				panic("no memory")
			}
			return (&actortest.Probe{}).Produce()
		}})
		synctest.Wait()
		if produced != 2 || failures != 1 {
			t.Errorf("produced %d times, failed %d times", produced, failures)
		}
		if _, err := sys.Root().SpawnNamed(actors.Spec{Produce: func() actor.Actor {
			t.Error("the producer of a duplicate ran")
			return nil
		}}.Props(), child.Id); !errors.Is(err, actor.ErrNameExists) {
			t.Errorf("spawn of a duplicate: %v", err)
		}
	})
}

// TestUserMessagesAfterStopping are ignored, and their Data released.
func TestUserMessagesAfterStopping(t *testing.T) {
	actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
		gate := make(chan struct{})
		p := &actortest.Probe{}
		slow := &actortest.Probe{Handle: func(ctx actor.Context) {
			if _, ok := ctx.Message().(*actor.Stopping); ok {
				<-gate
			}
		}}
		p.Handle = func(ctx actor.Context) {
			if _, ok := ctx.Message().(*actor.Started); ok {
				ctx.Spawn(actors.Spec{Produce: slow.Produce}.Props())
			}
		}
		box := actors.NewMailbox(actors.Limits{}, nil)
		pid := actortest.Spawn(t, sys, "a", actors.Spec{Produce: p.Produce, Mailbox: box})
		synctest.Wait()
		sys.Root().Stop(pid)
		synctest.Wait() // waits for its child now
		d := &actortest.Data{}
		box.Offer(d)
		sys.Root().Send(pid, "late")
		synctest.Wait()
		close(gate)
		synctest.Wait()
		got := p.Take()
		if len(numbers(got))+len(actortest.Received[string](got)) != 0 {
			t.Errorf("a stopping actor handled %v", got)
		}
		mustReleaseOnce(t, d)
	})
}

// leaver stops in two steps.
type leaver struct {
	trace *actortest.Trace
}

func (l *leaver) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case string:
		l.trace.Add("%s", m)
		switch m {
		case "left":
			actors.Left(ctx)
		case "crash":
			panic(m)
		}
	case *actor.Stopping, *actor.Stopped, *actor.Restarting:
		l.trace.Add("%T", m)
	}
}

func (l *leaver) Leave(ctx actor.Context) bool {
	l.trace.Add("leave")
	return true
}

func TestLeaver(t *testing.T) {
	for _, end := range []string{"left", "crash"} {
		t.Run(end, func(t *testing.T) {
			actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
				trace := &actortest.Trace{}
				pid := actortest.Spawn(t, sys, "a", actors.Spec{Produce: func() actor.Actor { return &leaver{trace} }})
				stopped := make(chan error, 1)
				go func() { stopped <- actors.Stop(t.Context(), sys, pid) }()
				synctest.Wait()
				sys.Root().Stop(pid) // a second wish changes nothing
				sys.Root().Send(pid, "still here")
				synctest.Wait()
				select {
				case <-stopped:
					t.Fatal("stopped before it left")
				default:
				}
				sys.Root().Send(pid, end)
				if err := <-stopped; err != nil {
					t.Error(err)
				}
				want := []string{"leave", "still here", end, "*actor.Stopping", "*actor.Stopped"}
				if diff := cmp.Diff(want, trace.Take()); diff != "" {
					t.Errorf("order (-want +got):\n%s", diff)
				}
			})
		})
	}
}

type panickingLeaver struct{ actortest.Probe }

func (p *panickingLeaver) Receive(ctx actor.Context)    { p.Probe.Produce().Receive(ctx) }
func (p *panickingLeaver) Leave(ctx actor.Context) bool { panic("in Leave of " + ctx.Self().Id) }

func TestPanicInLeave(t *testing.T) {
	actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
		p := &panickingLeaver{}
		var crash *actors.Crash
		pid := actortest.Spawn(t, sys, "a", actors.WithOnCrash(actors.Spec{
			Produce: func() actor.Actor { return p },
		}, func(_ *actor.PID, c *actors.Crash) { crash = c }))
		synctest.Wait()
		actortest.Stop(t, sys, pid)
		if crash == nil || crash.Value != "in Leave of a" {
			t.Errorf("crash = %v", crash)
		}
		if got := p.Take(); len(got) != 3 {
			t.Errorf("handled %T, want Started, Stopping, Stopped", got)
		}
	})
}

// TestInner: a message that answers itself finds the actor behind the guard.
func TestInner(t *testing.T) {
	actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
		p := &actortest.Probe{Handle: func(ctx actor.Context) {
			switch ctx.Message().(type) {
			case *actor.Stopping, *actor.Stopped:
				panic("while stopping")
			}
		}}
		var inner actor.Actor
		p2 := p.Produce()
		pid := sys.Root().Spawn(actors.Spec{Produce: func() actor.Actor { return p2 }}.Props())
		sys.Root().RequestWithCustomSender(pid, probeInner{&inner}, pid)
		synctest.Wait()
		actortest.Stop(t, sys, pid)
		if inner == nil {
			t.Error("Inner did not find the actor")
		}
		if n := len(actortest.Received[*actor.Stopped](p.Take())); n != 1 {
			t.Errorf("Stopped %d times", n)
		}
	})
}

// probeInner answers itself, and so is not shown to the actor.
type probeInner struct{ inner *actor.Actor }

func (p probeInner) GetAutoResponse(ctx actor.Context) any {
	*p.inner = actors.Inner(ctx)
	return "answer"
}
