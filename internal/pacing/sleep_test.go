package pacing

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"
	"time"
)

func TestSleep(t *testing.T) {
	for _, d := range []time.Duration{-time.Second, 0, 100 * time.Microsecond, 3 * time.Millisecond, 20 * time.Millisecond} {
		var late []time.Duration
		for range 9 {
			began := time.Now()
			if err := Sleep(t.Context(), d); err != nil {
				t.Fatal(err)
			}
			late = append(late, time.Since(began)-max(d, 0))
		}
		slices.Sort(late)
		if late[0] < 0 {
			t.Errorf("%v: %v too early", d, -late[0])
		}
		// time.Sleep is a millisecond late. The best of nine, since the machine may be busy.
		if runtime.GOOS == "linux" && late[0] > 900*time.Microsecond {
			t.Errorf("%v: %v late at best", d, late[0])
		}
	}
}

func TestSleepIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(time.Millisecond, cancel)
	if err := Sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("an hour: %v", err)
	}
	if err := Sleep(ctx, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("already cancelled: %v", err)
	}
}

// slowly is a context that is cancelled when it was looked at so often.
type slowly struct {
	context.Context
	looks int
}

func (c *slowly) Err() error {
	if c.looks--; c.looks < 0 {
		return context.Canceled
	}
	return nil
}

// A sleep that is too short for a timer looks at the context in between.
func TestShortSleepIsCancelled(t *testing.T) {
	if err := Sleep(&slowly{t.Context(), 2}, 2*exact); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
