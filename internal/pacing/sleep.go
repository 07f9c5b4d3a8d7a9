package pacing

import (
	"context"
	"time"
)

const (
	// exact is how long before the end Sleep leaves Go's timers: an idle Go program waits for them in whole milliseconds
	// (measured on Linux: 1.1 ms for 100 µs), and a busy machine adds to that.
	exact = 4 * time.Millisecond
	// slice is how long Sleep may take to see that ctx is done.
	slice = time.Millisecond
)

// Sleep sleeps for d and returns nil, or ctx.Err() within about a millisecond after ctx is done. On Linux it is some 30 µs
// late, elsewhere as late as time.Sleep. It does not belong into a bubble of testing/synctest, whose time stands still
// while a thread sleeps.
func Sleep(ctx context.Context, d time.Duration) error {
	end := time.Now().Add(d)
	if d > 2*exact {
		t := time.NewTimer(d - exact)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		rest := time.Until(end)
		if rest <= 0 {
			return nil
		}
		nanosleep(min(rest, slice))
	}
}
