package pacing

import (
	"fmt"
	"testing"
	"time"
)

var start = time.Unix(1_000_000, 0)

// The schedule is exact for every rate and size, however late the timers are, as long as they are not later than the
// depth.
func TestAverageRate(t *testing.T) {
	for _, rate := range []uint64{10_000, 10_000_000, 1_000_000_000, 20_000_000_000, 333_333_333} {
		for _, size := range []int{1, 64, 1400, 64400} {
			t.Run(fmt.Sprintf("%d bit per s, %d bytes", rate, size), func(t *testing.T) {
				b := NewBucket(rate, 0, 0)
				now := start
				sent := 0
				for sent < 5000*size && (sent < 100*size || now.Before(start.Add(200*time.Millisecond))) {
					for b.Take(now, size) {
						sent += size
					}
					now = b.Deadline(now).Add(300 * time.Microsecond)
				}
				// At the last refusal all but less than one datagram and one quantum had been sent.
				elapsed := now.Sub(start).Seconds()
				most := float64(rate)/8*elapsed + float64(size)
				least := float64(rate)/8*(elapsed-0.0008) - float64(size)*1.1
				if got := float64(sent); got > most || got < least {
					t.Errorf("%d bytes in %.6f s, want %.0f to %.0f", sent, elapsed, least, most)
				}
			})
		}
	}
}

func TestNoBurstAtTheBeginning(t *testing.T) {
	b := NewBucket(1_000_000_000, 0, 0)
	if !b.Take(start, 1400) {
		t.Fatal("the first datagram has to wait")
	}
	if b.Take(start, 1400) {
		t.Error("a burst before any time has passed")
	}
}

func TestBurstAfterPauseIsBounded(t *testing.T) {
	const (
		rate  = 1_000_000_000
		depth = 2 * time.Millisecond
		size  = 1000
		most  = rate/8*2/1000 + size
	)
	for _, test := range []struct {
		name   string
		refuse bool
	}{{"with nothing to send", false}, {"of the process", true}} {
		t.Run(test.name, func(t *testing.T) {
			b := NewBucket(rate, 0, depth)
			now := start
			b.Take(now, size)
			now = now.Add(size * 8 * time.Nanosecond) // now it is out
			if test.refuse {
				b.Take(now, 0)
				for b.Take(now, size) {
				}
				now = b.due
			}
			now = now.Add(time.Minute)
			sent := 0
			for b.Take(now, size) {
				sent += size
			}
			if sent > most || sent < most/2 {
				t.Errorf("%d bytes at once, want about %d", sent, most)
			}
		})
	}
}

func TestDeadline(t *testing.T) {
	for _, test := range []struct {
		name    string
		rate    uint64
		quantum time.Duration
		size    int
		want    time.Duration
	}{
		{"datagrams are far apart", 10_000_000, 0, 1400, 1120 * time.Microsecond},
		{"a quantum gathers several", 1_000_000_000, 0, 1400, DefaultQuantum},
		{"a quantum is one burst at most", 5_000_000_000, 0, 1400, 103040 * time.Nanosecond},
		{"a quantum as asked", 5_000_000_000, time.Millisecond, 1400, time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := NewBucket(test.rate, test.quantum, 0)
			b.Take(start, test.size)
			if b.Take(start, test.size) {
				t.Fatal("not refused")
			}
			if got := b.Deadline(start).Sub(start); got != test.want {
				t.Errorf("%v, want %v", got, test.want)
			}
			if !b.Take(b.Deadline(start), test.size) {
				t.Error("refused at its own deadline")
			}
		})
	}
}

func TestTakeDoesNotAllocate(t *testing.T) {
	b := NewBucket(1e9, 0, 0)
	now := start
	if n := testing.AllocsPerRun(100, func() {
		b.Take(now, 1400)
		now = b.Deadline(now)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkTake(b *testing.B) {
	bucket := NewBucket(1e9, 0, 0)
	now := start
	b.ReportAllocs()
	for b.Loop() {
		if !bucket.Take(now, 1400) {
			now = bucket.Deadline(now)
		}
	}
}
