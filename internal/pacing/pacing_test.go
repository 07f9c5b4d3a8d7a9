package pacing

import (
	"testing"
	"time"
)

func TestAverageRate(t *testing.T) {
	for _, rate := range []uint64{10_000, 10_000_000, 1_000_000_000, 20_000_000_000} {
		b := NewBucket(rate, 0, 0)
		now := time.Unix(0, 0)
		const size = 1400
		sent := 0
		start, end := now, now.Add(10*time.Second)
		for now.Before(end) {
			for b.Take(now, size) {
				sent += size
			}
			now = b.Deadline(now).Add(300 * time.Microsecond) // timers are late
		}
		got := float64(sent) * 8 / now.Sub(start).Seconds()
		// The first burst and the last datagram are on top.
		most := float64(rate)*(1+DefaultDepth.Seconds()/10) + 8*size
		if got > most || got < 0.99*float64(rate) {
			t.Errorf("%d bit/s asked, %.0f sent", rate, got)
		}
	}
}

func TestBurstAfterPauseIsBounded(t *testing.T) {
	const rate = 1_000_000_000
	b := NewBucket(rate, 0, 2*time.Millisecond)
	now := time.Unix(0, 0)
	b.Take(now, 1)
	now = now.Add(time.Minute)
	sent := 0
	for b.Take(now, 1000) {
		sent += 1000
	}
	if limit := rate/8*2/1000 + 1000; sent > limit {
		t.Errorf("%d bytes at once, at most %d", sent, limit)
	}
}

func TestTakeDoesNotAllocate(t *testing.T) {
	b := NewBucket(1e9, 0, 0)
	now := time.Unix(0, 0)
	if n := testing.AllocsPerRun(100, func() {
		b.Take(now, 1400)
		now = b.Deadline(now)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
