package crew

import (
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// waiting returns the goroutines that run nothing.
func waiting(c *Crew) []*member {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.idle)
}

// TestUsedAgain: what runs one after the other runs on one goroutine, without an allocation.
func TestUsedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New()
		var again *member
		ran := 0
		fn := func() { ran++ }
		for range 100 {
			c.Go(fn)
			synctest.Wait()
			idle := waiting(c)
			if len(idle) != 1 || again != nil && idle[0] != again {
				t.Fatalf("%d goroutines are idle", len(idle))
			}
			again = idle[0]
		}
		if n := testing.AllocsPerRun(100, func() { c.Go(fn); synctest.Wait() }); n != 0 || ran < 200 {
			t.Errorf("%v allocations; %d times", n, ran)
		}
		c.Close()
		c.Wait()
	})
}

// TestNobodyWaits: functions that hang hold up no other; more than maxIdle goroutines do not stay.
func TestNobodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New()
		hang := make(chan struct{})
		for range 2 * maxIdle {
			c.Go(func() { <-hang })
		}
		ran := false
		c.Go(func() { ran = true })
		synctest.Wait()
		if !ran {
			t.Error("it has waited")
		}
		close(hang)
		synctest.Wait()
		if n := len(waiting(c)); n != maxIdle {
			t.Errorf("%d goroutines are idle, want %d", n, maxIdle)
		}
		c.Close()
		c.Wait()
	})
}

// TestTrim: those that are not needed end, and those that are in use from time to time do not.
func TestTrim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New()
		var both sync.WaitGroup
		both.Add(8)
		for range 8 {
			c.Go(func() { both.Done(); both.Wait() })
		}
		for range 30 {
			time.Sleep(time.Second)
			c.Go(func() {})
		}
		synctest.Wait()
		if n := len(waiting(c)); n != 1 {
			t.Errorf("%d goroutines are idle, one was in use", n)
		}
		time.Sleep(3 * trimEach)
		synctest.Wait()
		if n := len(waiting(c)); n != 0 {
			t.Errorf("%d goroutines are idle at the end", n)
		}
		c.Go(func() {})
		c.Close()
		c.Wait()
	})
}

// TestClose: Wait waits for what runs; what comes later runs all the same. A function may end its goroutine.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New()
		c.Go(runtime.Goexit)
		slow := false
		c.Go(func() { time.Sleep(time.Hour); slow = true })
		c.Close()
		c.Close()
		if c.Wait(); !slow {
			t.Error("Wait has not waited")
		}
		late := false
		c.Go(func() { late = true })
		if synctest.Wait(); !late {
			t.Error("what came after the end did not run")
		}
	})
}
