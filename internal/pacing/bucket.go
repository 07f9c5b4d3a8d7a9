package pacing

import "time"

// The defaults of NewBucket.
const (
	// DefaultQuantum is the time between two bursts: below it the timers of general purpose systems are not exact, and
	// each burst costs a wake-up.
	DefaultQuantum = 500 * time.Microsecond
	// DefaultBurst bounds the bytes of one quantum at high rates, to 46 datagrams of 1400 bytes: what one message with
	// segmentation offload takes, and what the buffers of switches take.
	DefaultBurst = 46 * 1400
	// DefaultDepth bounds the burst after a pause: a receive buffer of 4 MiB takes 5 ms of 2.5 Gbit/s.
	DefaultDepth = 5 * time.Millisecond
)

// Bucket is a token bucket. It is not safe for concurrent use.
type Bucket struct {
	rate    uint64 // bits per second
	quantum time.Duration
	depth   time.Duration
	due     time.Time // when what was taken so far has left, at exactly the rate
	part    uint64    // what due lacks, less than a nanosecond, in units of 1/rate ns
}

// NewBucket returns a bucket of so many bits per second, at least 1, of what is given to Take. A quantum or depth of 0
// is the default; the depth is at least the quantum.
func NewBucket(bitsPerSecond uint64, quantum, depth time.Duration) *Bucket {
	rate := max(bitsPerSecond, 1)
	if quantum <= 0 {
		quantum = DefaultQuantum
		if burst := time.Duration(DefaultBurst * 8e9 / rate); burst < quantum {
			quantum = burst
		}
	}
	if depth <= 0 {
		depth = DefaultDepth
	}
	return &Bucket{rate: rate, quantum: quantum, depth: max(depth, quantum)}
}

// Take takes n bytes, at most 2^31, if they may be sent at now: when all that was taken before is due. now may not go
// back between two calls.
func (b *Bucket) Take(now time.Time, n int) bool {
	if b.due.IsZero() {
		b.due = now // no credit from before the beginning
	}
	if now.Sub(b.due) > b.depth {
		b.due, b.part = now.Add(-b.depth), 0
	}
	if b.due.After(now) {
		return false
	}
	t := uint64(n)*8e9 + b.part
	b.due, b.part = b.due.Add(time.Duration(t/b.rate)), t%b.rate
	return true
}

// Deadline returns when Take should be tried again, after it has refused: late enough for a quantum's worth of bytes.
func (b *Bucket) Deadline(now time.Time) time.Time {
	if d := now.Add(b.quantum); b.due.Before(d) {
		return d
	}
	return b.due
}
