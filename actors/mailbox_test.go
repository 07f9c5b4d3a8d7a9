package actors_test

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/internal/actortest"
)

// numbers returns the N of the Data in messages.
func numbers(messages []any) []int {
	n := []int{}
	for _, d := range actortest.Received[*actortest.Data](messages) {
		n = append(n, d.N)
	}
	return n
}

func mustReleaseOnce(t *testing.T, all ...*actortest.Data) {
	t.Helper()
	for _, d := range all {
		if n := d.Released(); n != 1 {
			t.Errorf("data %d was released %d times, want 1", d.N, n)
		}
	}
}

func makeData(n, size int) []*actortest.Data {
	all := make([]*actortest.Data, n)
	for i := range all {
		all[i] = &actortest.Data{N: i, Size: size}
	}
	return all
}

func TestControlGoesBeforeData(t *testing.T) {
	actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
		box := actors.NewMailbox(actors.Limits{}, nil)
		data := makeData(3, 1)
		for i, d := range data {
			box.Offer(d)
			box.PostUserMessage(i)
		}
		enveloped := &actortest.Data{N: 3, Size: 1}
		box.PostUserMessage(&actor.MessageEnvelope{Message: enveloped})
		p := &actortest.Probe{}
		actortest.Spawn(t, sys, "a", actors.Spec{Produce: p.Produce, Mailbox: box})
		synctest.Wait()

		got := p.Take()
		want := []any{0, 1, 2, data[0], data[1], data[2], enveloped}
		if len(got) != len(want)+1 {
			t.Fatalf("got %d messages, want Started and %d", len(got), len(want))
		}
		if _, ok := got[0].(*actor.Started); !ok {
			t.Errorf("first message is %T, want Started", got[0])
		}
		for i := range want {
			if got[i+1] != want[i] {
				t.Errorf("message %d = %v, want %v", i, got[i+1], want[i])
			}
		}
		mustReleaseOnce(t, append(data, enveloped)...)
	})
}

func TestLimits(t *testing.T) {
	tests := []struct {
		name   string
		limits actors.Limits
		sizes  []int
		want   []bool
	}{
		{"messages", actors.Limits{Messages: 2}, []int{1, 1, 1}, []bool{true, true, false}},
		{"bytes", actors.Limits{Bytes: 10}, []int{6, 4, 1}, []bool{true, true, false}},
		{"a smaller one still fits", actors.Limits{Bytes: 10}, []int{6, 5, 4}, []bool{true, false, true}},
		{"one larger than the limit", actors.Limits{Bytes: 10}, []int{11, 1}, []bool{true, false}},
		{"default messages", actors.Limits{}, make([]int, 1024+1), nil},
		{"default bytes", actors.Limits{}, []int{16 << 20, 1}, []bool{true, false}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lost, lostBytes := map[actors.Loss]int{}, map[actors.Loss]int{}
			box := actors.NewMailbox(tt.limits, func(d actors.Data, why actors.Loss) {
				if d.(*actortest.Data).Released() != 0 {
					t.Error("shown after its release")
				}
				lost[why]++
				lostBytes[why] += d.Bytes()
			})
			var all []*actortest.Data
			queued, bytes, dropped, droppedBytes := 0, 0, 0, 0
			for i, size := range tt.sizes {
				d := &actortest.Data{N: i, Size: size}
				all = append(all, d)
				ok := box.Offer(d)
				want := i < 1024
				if tt.want != nil {
					want = tt.want[i]
				}
				if ok != want {
					t.Errorf("Offer %d = %v, want %v", i, ok, want)
				}
				if ok {
					queued++
					bytes += size
				} else {
					dropped++
					droppedBytes += size
					mustReleaseOnce(t, d)
				}
			}
			if n, size := box.Waiting(); n != queued || size != bytes {
				t.Errorf("%d messages of %d bytes wait, want %d of %d", n, size, queued, bytes)
			}
			if n, size := lost[actors.LossFull], lostBytes[actors.LossFull]; n != dropped || size != droppedBytes {
				t.Errorf("%d losses of %d bytes shown, want %d of %d", n, size, dropped, droppedBytes)
			}
			box.PostUserMessage("control is never dropped")
			if n := box.UserMessageCount(); n != queued+1 {
				t.Errorf("%d messages queued, want %d", n, queued+1)
			}
			box.Close()
			mustReleaseOnce(t, all...)
			if n, size := box.Waiting(); n != 0 || size != 0 || lost[actors.LossClosed] != queued {
				t.Errorf("after Close %d messages of %d bytes wait; lost: %v", n, size, lost)
			}
		})
	}
}

// TestBytesInTheHandlerCount holds the promise of Limits: memory stays bounded while the actor is busy.
func TestBytesInTheHandlerCount(t *testing.T) {
	actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
		gate := make(chan struct{})
		p := &actortest.Probe{Handle: func(ctx actor.Context) {
			if _, ok := ctx.Message().(*actortest.Data); ok {
				<-gate
			}
		}}
		box := actors.NewMailbox(actors.Limits{Bytes: 10}, nil)
		actortest.Spawn(t, sys, "a", actors.Spec{Produce: p.Produce, Mailbox: box})
		box.Offer(&actortest.Data{Size: 8})
		synctest.Wait()
		if box.Offer(&actortest.Data{Size: 3}) {
			t.Error("a message was admitted beside the one in the handler")
		}
		close(gate)
		synctest.Wait()
		if !box.Offer(&actortest.Data{Size: 3}) {
			t.Error("a message was refused after the handler returned")
		}
	})
}

func TestStopReleasesTheQueue(t *testing.T) {
	actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
		gate := make(chan struct{})
		p := &actortest.Probe{Handle: func(ctx actor.Context) {
			if _, ok := ctx.Message().(*actortest.Data); ok {
				<-gate
			}
		}}
		var closed atomic.Int32
		box := actors.NewMailbox(actors.Limits{}, func(_ actors.Data, why actors.Loss) {
			if why == actors.LossClosed {
				closed.Add(1)
			}
		})
		pid := actortest.Spawn(t, sys, "a", actors.Spec{Produce: p.Produce, Mailbox: box})
		data := makeData(5, 1)
		for _, d := range data {
			box.Offer(d)
		}
		synctest.Wait()
		sys.Root().Stop(pid)
		close(gate)
		synctest.Wait()
		mustReleaseOnce(t, data...)
		if got := numbers(p.Take()); !cmp.Equal(got, []int{0}) {
			t.Errorf("handled %v, want only the first", got)
		}
		late := &actortest.Data{}
		if box.Offer(late) || box.Deliver(late2(t)) {
			t.Error("a stopped actor took a message")
		}
		mustReleaseOnce(t, late)
		if closed.Load() != 6 {
			t.Errorf("%d losses shown as closed, want 6", closed.Load())
		}
		if n, size := box.Waiting(); n != 0 || size != 0 {
			t.Errorf("%d messages of %d bytes wait after the stop", n, size)
		}
	})
}

func late2(t *testing.T) *actortest.Data {
	d := &actortest.Data{}
	t.Cleanup(func() { mustReleaseOnce(t, d) })
	return d
}

// TestRestartKeepsTheQueue: what is in flight is lost and released, what is queued is handled by the next incarnation.
func TestRestartKeepsTheQueue(t *testing.T) {
	actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
		p := &actortest.Probe{Handle: func(ctx actor.Context) {
			if d, ok := ctx.Message().(*actortest.Data); ok && d.N == 2 {
				if d.Released() != 0 {
					t.Error("released before the handler ended")
				}
				panic("poison")
			}
		}}
		var losses []actors.Loss
		box := actors.NewMailbox(actors.Limits{}, func(_ actors.Data, why actors.Loss) { losses = append(losses, why) })
		data := makeData(5, 1)
		for _, d := range data {
			box.Offer(d)
		}
		actortest.Spawn(t, sys, "a", actors.Spec{Produce: p.Produce, Mailbox: box})
		synctest.Wait()
		got := p.Take()
		if diff := cmp.Diff([]int{0, 1, 2, 3, 4}, numbers(got)); diff != "" {
			t.Errorf("handled (-want +got):\n%s", diff)
		}
		if n := len(actortest.Received[*actor.Started](got)); n != 2 {
			t.Errorf("started %d times, want 2", n)
		}
		mustReleaseOnce(t, data...)
		if diff := cmp.Diff([]actors.Loss{actors.LossCrash}, losses); diff != "" {
			t.Errorf("losses (-want +got):\n%s", diff)
		}
		if n, size := box.Waiting(); n != 0 || size != 0 {
			t.Errorf("%d messages of %d bytes wait", n, size)
		}
	})
}

// TestFailureDoesNotLendData: a supervisor must not see buffers that are released by then.
func TestFailureDoesNotLendData(t *testing.T) {
	actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
		seen := make(chan any, 2)
		strategy := strategyFunc(func(sup actor.Supervisor, child *actor.PID, _, msg any) {
			seen <- msg
			sup.RestartChildren(child)
		})
		p := &actortest.Probe{Handle: func(ctx actor.Context) {
			switch ctx.Message().(type) {
			case *actortest.Data, string:
				panic("poison")
			}
		}}
		_, child := spawnParent(t, sys, strategy, actors.Spec{Produce: p.Produce})
		sys.Root().Send(child, &actortest.Data{})
		sys.Root().Send(child, "control")
		synctest.Wait()
		// The Data and the string may crash in either order; one is withheld.
		got := map[any]bool{<-seen: true, <-seen: true}
		if !got[nil] || !got["control"] {
			t.Errorf("the strategy saw %v", got)
		}
	})
}

func TestStopOfASuspendedActorReleases(t *testing.T) {
	actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
		box := actors.NewMailbox(actors.Limits{}, nil)
		p := &actortest.Probe{Handle: func(ctx actor.Context) {
			if _, ok := ctx.Message().(*actortest.Data); ok {
				panic("poison")
			}
		}}
		data := makeData(3, 1)
		for _, d := range data {
			box.Offer(d)
		}
		// A strategy that never decides leaves the child suspended.
		parent, _ := spawnParent(t, sys, strategyFunc(func(actor.Supervisor, *actor.PID, any, any) {}),
			actors.Spec{Produce: p.Produce, Mailbox: box})
		synctest.Wait()
		mustReleaseOnce(t, data[0])
		if n, _ := box.Waiting(); data[1].Released() != 0 || n != 2 {
			t.Fatal("the queue of a suspended actor is gone")
		}
		actortest.Stop(t, sys, parent)
		mustReleaseOnce(t, data...)
	})
}

// TestLateRestartDoesNotRevive: protoactor starts a stopped actor again when a Restart comes late.
func TestLateRestartDoesNotRevive(t *testing.T) {
	actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
		var late func()
		strategy := strategyFunc(func(sup actor.Supervisor, child *actor.PID, _, _ any) {
			sup.StopChildren(child)
			late = func() { sup.RestartChildren(child) }
			sup.RestartChildren(child)
		})
		p := &actortest.Probe{Handle: func(ctx actor.Context) {
			if ctx.Message() == "crash" {
				panic("crash")
			}
		}}
		_, child := spawnParent(t, sys, strategy, actors.Spec{Produce: p.Produce})
		sys.Root().Send(child, "crash")
		synctest.Wait()
		late()
		synctest.Wait()
		got := p.Take()
		s, e := len(actortest.Received[*actor.Started](got)), len(actortest.Received[*actor.Stopped](got))
		if s != 1 || e != 1 {
			t.Errorf("%d Started and %d Stopped, want one of each", s, e)
		}
	})
}

func TestMailboxServesTheNextActor(t *testing.T) {
	actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
		box := actors.NewMailbox(actors.Limits{}, nil)
		p := &actortest.Probe{}
		props := actors.Spec{Produce: p.Produce, Mailbox: box}.Props()
		for i := range 3 {
			pid, err := sys.Root().SpawnNamed(props, "a")
			if err != nil {
				t.Fatal(err)
			}
			d := &actortest.Data{N: i}
			if !box.Offer(d) {
				t.Errorf("actor %d: refused", i)
			}
			synctest.Wait()
			if got := numbers(p.Take()); !cmp.Equal(got, []int{i}) {
				t.Errorf("actor %d handled %v", i, got)
			}
			actortest.Stop(t, sys, pid)
			if box.Offer(&actortest.Data{}) {
				t.Errorf("actor %d: accepted after it stopped", i)
			}
		}
	})
}

// TestPanicInRelease: a double release found by the buffer fails the actor, not the process.
func TestPanicInRelease(t *testing.T) {
	actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
		p := &actortest.Probe{}
		var losses []actors.Loss
		box := actors.NewMailbox(actors.Limits{}, func(_ actors.Data, why actors.Loss) { losses = append(losses, why) })
		actortest.Spawn(t, sys, "a", actors.Spec{Produce: p.Produce, Mailbox: box})
		broken := &brokenData{}
		box.Offer(broken)
		box.Offer(&actortest.Data{N: 7})
		synctest.Wait()
		got := p.Take()
		if n := len(actortest.Received[*actor.Started](got)); n != 2 || !cmp.Equal(numbers(got), []int{7}) {
			t.Errorf("started %d times, handled %v", n, numbers(got))
		}
		if _, size := box.Waiting(); broken.released != 1 || size != 0 || len(losses) != 0 {
			t.Errorf("released %d times, %d bytes wait, losses %v", broken.released, size, losses)
		}
		box.Close()
		if box.Offer(&brokenData{}) {
			t.Error("accepted after Close")
		}
		box.PostUserMessage("nobody minds")
		if n := box.UserMessageCount(); n != 0 {
			t.Errorf("%d messages queued after Close", n)
		}
	})
}

type brokenData struct{ released int }

func (*brokenData) Bytes() int { return 1 }
func (d *brokenData) Release() {
	d.released++
	panic(errors.New("released twice"))
}
func (*brokenData) IgnoreDeadLetterLogging() {}

// TestPanicInOnLoss: a reader goroutine does not die of it, and the Data is released.
func TestPanicInOnLoss(t *testing.T) {
	box := actors.NewMailbox(actors.Limits{}, func(_ actors.Data, why actors.Loss) { panic(why.String()) })
	box.Close()
	d := &actortest.Data{}
	box.Offer(d)
	mustReleaseOnce(t, d)
}

func TestLossNames(t *testing.T) {
	want := map[actors.Loss]string{
		actors.LossFull: "full", actors.LossClosed: "closed", actors.LossCrash: "crash",
		actors.LossCrash + 1: "unknown",
	}
	for l, name := range want {
		if l.String() != name {
			t.Errorf("loss %d is %q, want %q", l, l.String(), name)
		}
	}
}

// TestEveryDataIsReleasedOnce has many posters, crashes, a small queue, and a stop in the middle.
func TestEveryDataIsReleasedOnce(t *testing.T) {
	for _, kind := range []string{"goroutine", "loop", "inline"} {
		t.Run(kind, func(t *testing.T) {
			sys := actors.NewSystem(actors.SystemConfig{})
			defer sys.Shutdown()
			var handled, full, closed, crash atomic.Int64
			box := actors.NewMailbox(actors.Limits{Messages: 16, Bytes: 100}, func(_ actors.Data, why actors.Loss) {
				[]*atomic.Int64{&full, &closed, &crash}[why].Add(1)
			})
			spec := actors.Spec{
				Mailbox: box,
				Produce: func() actor.Actor {
					return actor.ReceiveFunc(func(ctx actor.Context) {
						if d, ok := ctx.Message().(*actortest.Data); ok {
							if d.N%97 == 0 {
								panic("poison")
							}
							handled.Add(1)
						}
					})
				},
			}
			switch kind {
			case "loop":
				loop := actors.NewLoop(nil)
				defer loop.Stop()
				spec.Dispatcher = loop
			case "inline":
				spec.Dispatcher = inline{}
			}
			restart := strategyFunc(func(sup actor.Supervisor, child *actor.PID, _, _ any) {
				sup.RestartChildren(child)
			})
			parent, child := spawnParent(t, sys, restart, spec)

			const posters, each = 4, 2000
			all := makeData(posters*each, 9)
			var wg sync.WaitGroup
			for i := range posters {
				random := rand.New(rand.NewPCG(uint64(i), 7))
				wg.Go(func() {
					for j := range each {
						d := all[i*each+j]
						switch random.IntN(3) {
						case 0:
							box.Offer(d)
						case 1:
							box.Deliver(d)
						case 2:
							sys.Root().Send(child, d)
						}
						for n, _ := box.Waiting(); j%8 == 0 && n > 8; n, _ = box.Waiting() {
							runtime.Gosched() // else all are dropped while the first is handled
						}
						if i == 0 && j == each/2 {
							sys.Root().Stop(parent)
						}
					}
				})
			}
			wg.Wait()
			stopParent(t, sys, parent)
			mustReleaseOnce(t, all...)
			sum := handled.Load() + full.Load() + closed.Load() + crash.Load()
			if sum > posters*each { // the rest were dead letters
				t.Errorf("%d fates for %d messages", sum, posters*each)
			}
			if n, size := box.Waiting(); n != 0 || size != 0 {
				t.Errorf("%d messages of %d bytes wait", n, size)
			}
			if crash.Load() == 0 || handled.Load() == 0 {
				t.Errorf("handled %d, crashed %d: the test tests nothing", handled.Load(), crash.Load())
			}
		})
	}
}
