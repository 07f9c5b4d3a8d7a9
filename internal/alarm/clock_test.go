package alarm

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestOrder: timers fire in the order of their times, each once, and not before.
func TestOrder(t *testing.T) {
	const unit = 2 * time.Millisecond
	c := NewClock()
	defer c.Close()
	var all sync.WaitGroup
	fired := make(chan int, 6)
	began := time.Now()
	for _, n := range []int{5, 1, 3, 4, 2} {
		all.Add(1)
		t := c.NewTimer(func() {
			if time.Since(began) >= time.Duration(n)*unit {
				fired <- n
			}
			all.Done()
		})
		t.Reset(time.Hour)
		t.Reset(time.Duration(n) * unit)
	}
	stopped := c.NewTimer(func() { fired <- 0 })
	stopped.Reset(2 * unit)
	stopped.Stop()
	stopped.Stop()
	inTime := time.Since(began) < unit // what was set late may fire in another order
	all.Wait()
	close(fired)
	var order []int
	for n := range fired {
		order = append(order, n)
	}
	if !inTime {
		slices.Sort(order)
	}
	if !slices.Equal(order, []int{1, 2, 3, 4, 5}) && (inTime || len(order) < 5) {
		t.Errorf("fired: %v", order)
	}
}

// TestClose: nothing fires after Close, and Reset does nothing then.
func TestClose(t *testing.T) {
	c := NewClock()
	var closed atomic.Bool
	timer := c.NewTimer(func() {
		if closed.Load() {
			t.Error("it fires after Close")
		}
	})
	timer.Reset(50 * time.Millisecond)
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	closed.Store(true)
	timer.Reset(time.Nanosecond)
	timer.Stop()
	if err := c.Close(); err != nil {
		t.Errorf("again: %v", err)
	}
	time.Sleep(60 * time.Millisecond)
}

// TestWithoutSystem: the timers of package time stand in.
func TestWithoutSystem(t *testing.T) {
	c := &Clock{tried: true}
	if c.Late() <= 0 {
		t.Error("they are not late")
	}
	fired := make(chan struct{}, 2)
	timer := c.NewTimer(func() { fired <- struct{}{} })
	for range 2 {
		timer.Reset(time.Millisecond)
		<-fired
	}
	began := time.Now()
	timer.Reset(20 * time.Millisecond)
	timer.Stop()
	inTime := time.Since(began) < 20*time.Millisecond // else it may have fired before
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	select {
	case <-fired:
		if inTime {
			t.Error("it fires after Stop")
		}
	case <-time.After(30 * time.Millisecond):
	}
}

// BenchmarkWait tells by how much waits of 300 µs are late.
func BenchmarkWait(b *testing.B) {
	c := NewClock()
	defer c.Close()
	fired := make(chan time.Time, 1)
	timer := c.NewTimer(func() { fired <- time.Now() })
	late, waits := time.Duration(0), 0
	for b.Loop() {
		at := time.Now().Add(300 * time.Microsecond)
		timer.Reset(300 * time.Microsecond)
		d := (<-fired).Sub(at)
		if d < 0 {
			b.Fatalf("%v too early", -d)
		}
		late += d
		waits++
	}
	b.ReportMetric(float64(late.Nanoseconds())/float64(waits), "ns-late/op")
}
