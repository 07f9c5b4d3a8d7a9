package actors_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/flute-node/flute-node/actors"
)

func TestPoolIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := actors.NewPool(2, 3)
		gate := make(chan struct{})
		var ran atomic.Int32
		job := func() { <-gate; ran.Add(1) }
		for i := range 2 {
			if !pool.Submit(job, nil) {
				t.Fatalf("job %d was refused by an idle worker", i)
			}
			synctest.Wait()
		}
		for i := range 4 {
			if ok := pool.Submit(job, nil); ok != (i < 3) {
				t.Errorf("Submit %d = %v", i, ok)
			}
		}
		close(gate)
		pool.Stop()
		pool.Stop()
		if ran.Load() != 5 {
			t.Errorf("%d jobs ran before Stop returned, want 5", ran.Load())
		}
		if pool.Submit(job, nil) {
			t.Error("a stopped pool took a job")
		}
	})
}

func TestPoolSurvivesPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := actors.NewPool(1, 4)
		var crash *actors.Crash
		pool.Submit(func() { panic("job") }, func(c *actors.Crash) { crash = c; panic("report") })
		pool.Submit(func() { panic("nobody is told") }, nil)
		ran := false
		pool.Submit(func() { ran = true }, nil)
		pool.Stop()
		if crash == nil || crash.Value != "job" || len(crash.Stack) == 0 {
			t.Errorf("crash = %v", crash)
		}
		if crash.Error() != "actors: panic: job" {
			t.Errorf("text = %q", crash.Error())
		}
		if !ran {
			t.Error("the worker did not survive")
		}
	})
}
