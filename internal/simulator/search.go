package simulator

import (
	"context"
	"sync"
	"sync/atomic"
)

// Search runs the seeds from first to last, workers of them at a time, until one breaks a promise or ctx ends. It
// returns the sum of their figures, how many ran, and the result of the smallest seed that broke a promise; nil: none
// did. done, if it is not nil, is called after each seed, by any goroutine.
func (b Bubbles) Search(
	ctx context.Context, first, last uint64, workers int, done func(ran uint64),
) (all Figures, ran uint64, broken *Result) {
	var next atomic.Uint64
	var mu sync.Mutex
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for ctx.Err() == nil {
				seed := first + next.Add(1) - 1
				mu.Lock()
				stop := broken != nil // smaller seeds are being run
				mu.Unlock()
				if seed > last || seed < first || stop {
					return
				}
				r := Run(b.t, NewPlan(seed))
				mu.Lock()
				ran++
				n := ran
				all.Add(&r.Figures)
				if len(r.Violations) > 0 && (broken == nil || seed < broken.Plan.Seed) {
					broken = r
				}
				mu.Unlock()
				if done != nil {
					done(n)
				}
			}
		})
	}
	group.Wait()
	return all, ran, broken
}
