package alarm

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// model is a Clock whose system does nothing: its time stands still.
func model() *Clock {
	c := NewClock()
	c.tried, c.system = true, still{}
	return c
}

// still is a system timer that nobody waits for.
type still struct{}

func (still) arm(time.Duration) error { return nil }
func (still) wait() error             { return nil }
func (still) Close() error            { return nil }

// TestQueue compares timers that are set anew, stopped and set again with a table of their times: those that are due
// fire in order, once, and no others; most entries of the queue count.
func TestQueue(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	c := model()
	var fired []int
	timers, times := make([]*Timer, 300), map[int]time.Duration{}
	for i := range timers {
		timers[i] = c.NewTimer(func() { fired = append(fired, i) })
	}
	for step := range 5000 {
		i := rnd.IntN(len(timers))
		if rnd.IntN(4) == 0 {
			timers[i].Stop()
			delete(times, i)
		} else {
			hours := 1 + time.Duration(rnd.IntN(1<<10)) // and up to 18 minutes
			timers[i].Reset(hours*time.Hour + time.Duration(rnd.IntN(1<<40)))
			times[i] = c.queue.list[slices.IndexFunc(c.queue.list, func(e entry) bool {
				return !e.isVoid() && e.handle.timer == timers[i]
			})].at
		}
		if n := len(c.queue.list); n > max(leastVoid+len(times), 2*len(times)+2) {
			t.Fatalf("step %d: %d entries for %d timers", step, n, len(times))
		}
	}
	// Half of them are due. None is within 10 minutes of now, however long this has taken.
	now := 1<<9*time.Hour + 30*time.Minute
	c.began = c.began.Add(-now)
	var want []int
	for i, at := range times {
		if at <= now {
			want = append(want, i)
		}
	}
	slices.SortFunc(want, func(i, k int) int { return int(times[i] - times[k]) })
	for _, fire := range c.due(nil) {
		fire()
	}
	if !slices.Equal(fired, want) {
		t.Errorf("fired: %v\nwant: %v", fired, want)
	}
	if fired = nil; len(c.due(nil)) > 0 {
		t.Error("some fire twice")
	}
}

// TestStoppedIsNotKept: no entry holds a timer that was stopped.
func TestStoppedIsNotKept(t *testing.T) {
	c := model()
	timer := c.NewTimer(func() {})
	timer.Reset(time.Hour)
	timer.Reset(2 * time.Hour)
	timer.Stop()
	for _, e := range c.queue.list {
		if e.handle.timer != nil {
			t.Error("an entry holds it")
		}
	}
	if timer.Reset(time.Hour); !timer.runs {
		t.Error("it cannot be set again")
	}
}

// TestResetAllocatesNothing: nor does what fires.
func TestResetAllocatesNothing(t *testing.T) {
	c := model()
	timer := c.NewTimer(func() {})
	var list []func()
	if n := testing.AllocsPerRun(1000, func() { timer.Reset(0); list = c.due(list[:0]) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestLongest: the longest wait there is, as for what is due in a thousand years, is not over at once.
func TestLongest(t *testing.T) {
	c := model()
	c.began = c.began.Add(-time.Hour)
	for _, d := range []time.Duration{math.MaxInt64, math.MaxInt64 - time.Minute} {
		c.NewTimer(func() {}).Reset(d)
	}
	if n := len(c.due(nil)); n > 0 || len(c.queue.list) != 2 {
		t.Errorf("%d of 2 timers fire, %d wait", n, len(c.queue.list))
	}
}
