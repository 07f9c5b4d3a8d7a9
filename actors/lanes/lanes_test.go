package lanes

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flute-node/flute-node/actors"
)

// TestSessionsTakeTurns: a hundred Works of one session do not stand before one of another, in no lane.
func TestSessionsTakeTurns(t *testing.T) {
	for name, lane := range map[string]any{"processor": nil, "disk": "disk"} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, 1, func(t *testing.T, r *rig) {
				slow := func(sync.Locker) { time.Sleep(time.Second) }
				for range 100 {
					r.give("many", &work{lane: lane, run: slow})
				}
				time.Sleep(time.Millisecond)
				r.give("few", &work{lane: lane, run: slow})
				r.give("few", &work{lane: lane, run: slow})
				time.Sleep(time.Minute * 2)
				order := r.order()
				first, last := slices.Index(order, "few"), len(order)-1
				for order[last] != "few" {
					last--
				}
				atOnce := 1
				if lane != nil {
					atOnce = perDisk
				}
				if first > 2*atOnce || last > 4*atOnce || len(order) != 102 {
					t.Errorf("number %d and %d of %d", first, last, len(order))
				}
			})
		})
	}
}

// TestHungDisk: who waits for a disk that hangs keeps no processor and no other disk from anyone, and a bounded number
// of goroutines.
func TestHungDisk(t *testing.T) {
	inBubble(t, 2, func(t *testing.T, r *rig) {
		hung := newGate()
		for range 100 {
			r.give("hung", hung.work(func() {}))
		}
		for range 3 {
			r.give("disk", &work{lane: "another", run: func(cpu sync.Locker) {
				cpu.Lock()
				time.Sleep(time.Second)
				cpu.Unlock()
			}})
			r.give("processor", &work{run: func(sync.Locker) { time.Sleep(time.Second) }})
		}
		time.Sleep(5 * time.Second)
		if order := r.order(); len(order) != 6 {
			t.Errorf("ended: %v", order)
		}
		if r.live != perDisk {
			t.Errorf("%d goroutines, want %d", r.live, perDisk)
		}
		close(hung.open)
		if order := r.order(); len(order) != 100 {
			t.Errorf("%d ended once the disk had answered", len(order))
		}
	})
}

// many is a disk that serves three Works at a time.
type many struct{}

func (many) AtOnce() int { return 3 }

// TestDiskSaysHowMany: a disk may say how many Works it serves at a time.
func TestDiskSaysHowMany(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, r *rig) {
		for range 7 {
			r.give("session", &work{lane: many{}, run: func(sync.Locker) { time.Sleep(time.Second) }})
		}
		time.Sleep(1500 * time.Millisecond)
		if order := r.order(); len(order) != 3 {
			t.Errorf("%d Works in a second, want 3", len(order))
		}
		time.Sleep(2 * time.Second)
	})
}

// TestProcessorsAreBounded: however many lanes there are, no more Works compute than there are processors, and they
// take turns with those that only compute.
func TestProcessorsAreBounded(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, r *rig) {
		var now, most, begun, disks atomic.Int32
		compute := func(disk int32) {
			most.Store(max(most.Load(), now.Add(1)))
			disks.Add(disk)
			begun.Add(1)
			time.Sleep(time.Second)
			now.Add(-1)
		}
		for i := range 20 {
			r.give("processor", &work{run: func(sync.Locker) { compute(0) }})
			r.give("disks", &work{lane: i, run: func(cpu sync.Locker) {
				for range 2 {
					cpu.Lock()
					compute(1)
					cpu.Unlock()
					time.Sleep(time.Second)
				}
			}})
		}
		time.Sleep(9900 * time.Millisecond)
		if all, disks := begun.Load(), disks.Load(); all != 30 || disks < 13 || disks > 17 {
			t.Errorf("in ten seconds %d began to compute, %d of them in the lanes of disks", all, disks)
		}
		time.Sleep(time.Minute)
		if most.Load() != 3 {
			t.Errorf("%d computed at a time, want 3", most.Load())
		}
	})
}

// TestCrash: a Work that panics, or ends its goroutine, fails; those behind it run, and no processor is lost.
func TestCrash(t *testing.T) {
	for name, run := range map[string]func(sync.Locker){
		"panic":  func(sync.Locker) { panic("work") },
		"goexit": func(sync.Locker) { runtime.Goexit() },
		"panic while it computes": func(cpu sync.Locker) {
			if cpu != nil {
				cpu.Lock()
			}
			panic("work")
		},
		"goexit while it computes": func(cpu sync.Locker) {
			if cpu != nil {
				cpu.Lock()
			}
			runtime.Goexit()
		},
	} {
		for _, lane := range []any{nil, "disk"} {
			t.Run(name, func(t *testing.T) {
				inBubble(t, 1, func(t *testing.T, r *rig) {
					gate := make(chan struct{})
					r.give("first", &work{lane: lane, run: func(sync.Locker) { <-gate }})
					var bad []*work
					for range 2 * perDisk {
						bad = append(bad, &work{lane: lane, run: run})
						r.give("bad", bad[len(bad)-1])
						r.give("good", &work{lane: lane})
					}
					close(gate)
					if order := r.order(); len(order) != 1+4*perDisk {
						t.Errorf("ended: %v", order)
					}
					for _, w := range bad {
						if c := (*actors.Crash)(nil); !errors.As(w.failed, &c) || len(c.Stack) == 0 {
							t.Errorf("failed with %v", w.failed)
						}
					}
				})
			})
		}
	}
}

// unwilling is a Work that does not even take its failure.
type unwilling struct{ work }

func (*unwilling) Fail(error) { panic("again") }

func TestCrashInFail(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, r *rig) {
		e := NewEntry(&unwilling{work{run: func(sync.Locker) { panic("work") }}}, "a", nil)
		r.Run(e)
		r.give("b", &work{})
		if order := r.order(); len(order) != 1 || !e.Finished() {
			t.Errorf("ended: %v, finished: %v", order, e.Finished())
		}
	})
}

// TestRunsOnce: a session that cannot know whether it has handed over a Work does so again.
func TestRunsOnce(t *testing.T) {
	inBubble(t, 2, func(t *testing.T, r *rig) {
		ran := 0
		w := &work{run: func(sync.Locker) { ran++ }}
		e := r.give("a", w)
		r.Run(e)
		if order := r.order(); len(order) != 1 || ran != 1 || !e.Finished() || e.Work() != Work(w) {
			t.Errorf("ran %d times, ended %v", ran, order)
		}
		r.Run(e)
		if order := r.order(); len(order) != 0 || ran != 1 {
			t.Errorf("ran %d times", ran)
		}
	})
}

// TestCancel: a Work that nobody wants any more is told once, and runs once in its turn, to free what it holds; if it
// never came into a lane, it is left to the caller.
func TestCancel(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, r *rig) {
		ran := 0
		run := func(sync.Locker) { ran++ }
		never := &work{run: run}
		e := NewEntry(never, "a", nil)
		left, again := e.Cancel(), e.Cancel()
		r.Run(e)
		if ran != 0 || never.cancelled != 1 || !left || again {
			t.Errorf("ran %d times, cancelled %d times, left %t, then %t", ran, never.cancelled, left, again)
		}
		gate := make(chan struct{})
		r.give("a", &work{run: func(sync.Locker) { <-gate }})
		waits := &work{run: run}
		e = r.give("a", waits)
		if left := e.Cancel(); left || ran != 0 || waits.cancelled != 1 {
			t.Errorf("ran %d times, cancelled %d times", ran, waits.cancelled)
		}
		close(gate)
		if order := r.order(); ran != 1 || len(order) != 2 {
			t.Errorf("ran %d times, ended: %v", ran, order)
		}
	})
}

// TestStop: it waits for what runs and for what waits. With a disk that does not answer it waits as long as its
// context, and names the disk; the Works that are left are cancelled, and end when it answers.
func TestStop(t *testing.T) {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for range 50 { // which of two channels is taken is left to chance
		inBubble(t, 1, func(t *testing.T, r *rig) {
			if err := r.Stop(over); err != nil {
				t.Errorf("Stop when nothing is left and time is over: %v", err)
			}
		})
	}
	inBubble(t, 1, func(t *testing.T, r *rig) {
		for range 3 {
			r.give("a", &work{run: func(sync.Locker) { time.Sleep(time.Second) }})
		}
		if err := r.Stop(t.Context()); err != nil || len(r.order()) != 3 {
			t.Errorf("Stop before the end: %v", err)
		}
	})
	inBubble(t, 1, func(t *testing.T, r *rig) {
		hung := newGate()
		var works []*work
		for range 2 * perDisk {
			works = append(works, hung.work(func() {}))
			r.give("a", works[len(works)-1])
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		err := r.Stop(ctx)
		if took := time.Since(began); took != time.Second || !errors.Is(err, context.DeadlineExceeded) ||
			!strings.Contains(err.Error(), "gate") {
			t.Errorf("after %v: %v", took, err)
		}
		close(hung.open)
		r.order()
		for i, w := range works {
			if want := i / perDisk; w.cancelled != want {
				t.Errorf("Work %d was cancelled %d times, want %d", i, w.cancelled, want)
			}
		}
	})
}

// TestLanesThatCannotBeCompared: they share one for each type.
func TestLanesThatCannotBeCompared(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, r *rig) {
		gate := make(chan struct{})
		for range perDisk {
			r.give("a", &work{lane: []int{1}, run: func(sync.Locker) { <-gate }})
		}
		synctest.Wait()
		r.give("b", &work{lane: []int{2}})
		r.give("c", &work{lane: []string{}})
		if order := r.order(); !slices.Equal(order, []string{"c"}) {
			t.Errorf("ended: %v", order)
		}
		close(gate)
	})
}
