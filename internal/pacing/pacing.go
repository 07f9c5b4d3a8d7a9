// Package pacing is a token bucket that reads no clock: it decides when the next datagrams of a session may be sent.
//
// The schedule is absolute, so the average rate is exact although timers are late. The depth bounds the burst that
// follows a pause of the process: credit older than that is lost.
//
// # Limitations
//
// Only the bytes that are given to Take are counted: UDP payload, not headers of lower layers.
package pacing

import "time"

// The defaults of NewBucket.
const (
	// DefaultQuantum is the time between two bursts: below it timers of general purpose systems are not exact.
	DefaultQuantum = 500 * time.Microsecond
	// DefaultDepth bounds a burst: what switches and receive buffers take.
	DefaultDepth = 5 * time.Millisecond
)

// Bucket is a token bucket. It belongs to one goroutine.
type Bucket struct {
	rate    float64 // bytes per nanosecond
	quantum time.Duration
	depth   time.Duration
	next    time.Time // when what was taken so far is due to have left
}

// NewBucket returns a bucket of so many bits per second, at least 1. A quantum or depth of 0 is the default; the depth is
// at least the quantum.
func NewBucket(bitsPerSecond uint64, quantum, depth time.Duration) *Bucket {
	if quantum == 0 {
		quantum = DefaultQuantum
	}
	if depth == 0 {
		depth = DefaultDepth
	}
	return &Bucket{rate: float64(max(bitsPerSecond, 1)) / 8e9, quantum: quantum, depth: max(depth, quantum)}
}

// Take takes n bytes if they may be sent at now: when what was taken before is due within the next quantum.
func (b *Bucket) Take(now time.Time, n int) bool {
	if oldest := now.Add(-b.depth); b.next.Before(oldest) {
		b.next = oldest
	}
	if b.next.After(now) {
		return false
	}
	b.next = b.next.Add(time.Duration(float64(n) / b.rate))
	return true
}

// Deadline returns when Take should be tried again, after it has refused: late enough for a quantum's worth of bytes.
func (b *Bucket) Deadline(now time.Time) time.Time {
	if d := now.Add(b.quantum); b.next.Before(d) {
		return d
	}
	return b.next
}
