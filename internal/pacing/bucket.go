package pacing

import "time"

const (
	// Quantum is the time between two bursts: each burst costs a wake-up.
	Quantum = 500 * time.Microsecond
	// MaxMessage is what one message with segmentation offload takes, 46 datagrams of 1400 bytes, and what the buffers
	// of switches take.
	MaxMessage = 46 * 1400
	// MaxQuantum bounds the bytes of one quantum: above 3 Gbit/s a wake-up gathers three messages, which one system
	// call takes. That is less than the millisecond of data that may leave at once there.
	MaxQuantum = 3 * MaxMessage
	// MaxSpeed is how much faster than the rate a Bucket is that is behind.
	MaxSpeed = 1 + 1./catchUp
	// Memory is how far the bytes may be behind the rate and still be made good: longer than most pauses of a process
	// that shares its processors. A longer one is a time in which nothing was to be sent, and is not made good.
	Memory = 50 * time.Millisecond
	// burstTime is the most that leaves at once after a pause, as a time at the rate; or leastBurst bytes if that is
	// more, or lateTime as long as that is no more than MaxMessage: a wake-up that is a little late, as they are on a
	// machine that is busy, shall not be a pause.
	burstTime  = time.Millisecond
	leastBurst = 8 << 10
	lateTime   = 5 * time.Millisecond
	// fewSessions is how many sessions of a node send without gathering. In a session of a low rate each datagram costs
	// a wake-up, at either end: where there are more sessions, each gathers datagrams, for a Quantum for each further
	// session, so that all together wake up about as often as one does, and for at most maxGather.
	fewSessions = 8
	maxGather   = 100 * time.Millisecond
	// mostLate is by how much a wake-up of a session that gathers may be late and still send all.
	mostLate = 2 * time.Millisecond
	// catchUp is the part of the rate, one of catchUp, by which a Bucket that is behind is faster.
	catchUp = 8
	// maxRate is in bits per second; the arithmetic is exact up to it.
	maxRate = 1 << 50
	// maxWait keeps the time until the next datagram within what a Duration holds.
	maxWait = float64(365 * 24 * time.Hour)
)

// Bucket is a token bucket. It is not safe for concurrent use.
//
// Its schedule is absolute: the average rate is exact although timers are late. It never lets more than one millisecond
// of data leave at once, or, if that is more, than one datagram, 8 KiB, or the lesser of 5 ms of data and MaxMessage.
// In one of many sessions 100 ms stand for the 5. After a pause it is an eighth faster than the rate until it has made
// good what it missed, unless that is more than Memory, and in one of many sessions than what it gathers besides.
type Bucket struct {
	rate    uint64 // bits per second
	frames  Frames
	late    time.Duration
	quantum time.Duration
	due     time.Time // when what was taken so far has left, at exactly the rate
	part    uint64    // what due lacks, less than a nanosecond, in units of 1/rate ns
	fast    time.Time // the same at the rate of catching up, of a bucket that is full after a pause of its depth
	depth   time.Duration
	busy    int           // sessions of the node that send
	burst   int           // bytes that one of many sessions gathers at most; 0: it is one of few
	owed    time.Duration // for how long it gathered before the crowd became smaller; 0: that is made good
	skip    time.Duration // how much earlier the next wake-up is, so that a pause of all does not make them one crowd
	taken   time.Duration // what was taken since Left takes at the rate of catching up
	refused int           // bytes that Take refused last
}

// NewBucket returns a bucket of so many bits per second, at least 1, of what frames counts of each datagram. late is by
// how much timers are late, beyond some 100 µs: so much more data may leave at once, or the rate would never be met.
func NewBucket(bitsPerSecond uint64, frames Frames, late time.Duration) *Bucket {
	b := &Bucket{frames: frames, late: late}
	b.set(bitsPerSecond)
	return b
}

// set makes the rate known.
func (b *Bucket) set(bitsPerSecond uint64) {
	b.rate = min(max(bitsPerSecond, 1), maxRate)
	b.quantum = min(Quantum, time.Duration(MaxQuantum*8e9/b.rate))
	b.depth = max((burstTime+b.late)*catchUp/(catchUp+1), b.fastTime(leastBurst),
		min(lateTime*catchUp/(catchUp+1), b.fastTime(MaxMessage)))
	if b.burst = 0; b.busy > fewSessions {
		b.burst = min(max(int(float64(b.rate)/8*b.longest().Seconds()), leastBurst), MaxMessage)
		b.depth = max(b.depth, b.fastTime(b.burst))
	}
}

// Rate returns bits per second.
func (b *Bucket) Rate() uint64 { return b.rate }

// SetRate changes the rate at now. What was missed before stays as many bytes.
func (b *Bucket) SetRate(now time.Time, bitsPerSecond uint64) {
	before := b.rate
	if b.set(bitsPerSecond); b.due.IsZero() {
		return
	}
	ratio := float64(before) / float64(b.rate)
	scale := func(t time.Time) time.Time {
		d := max(t.Sub(now), -b.memory())
		return now.Add(max(time.Duration(min(float64(d)*ratio, maxWait)), -b.memory()))
	}
	b.due, b.fast, b.part = scale(b.due), scale(b.fast), 0
}

// Crowd says how many sessions of the node send, this one included. One of many wakes up once for several datagrams.
func (b *Bucket) Crowd(busy int) {
	if busy != b.busy {
		b.owed = max(b.owed, b.longest())
		b.busy = busy
		b.set(b.rate)
	}
}

// longest returns for how long the first of the datagrams that are gathered may wait.
func (b *Bucket) longest() time.Duration {
	return min(Quantum*time.Duration(max(b.busy-fewSessions, 0)), maxGather)
}

// memory returns how far the bytes may be behind the rate and still be made good.
func (b *Bucket) memory() time.Duration { return Memory + max(b.longest(), b.owed) }

// gather returns how long a datagram may wait for those behind it.
func (b *Bucket) gather() time.Duration {
	if b.burst == 0 {
		return 0
	}
	// The datagram that waits is one of them, and something is left for a wake-up that is late.
	all, one := b.timeOf(b.burst), b.timeOf(b.refused)
	d := min(all-max(one*3/2, min(all/2, mostLate)), b.longest())
	if d < one {
		return 0 // none would come in that time
	}
	return d
}

// timeOf returns how long n bytes take at the rate.
func (b *Bucket) timeOf(n int) time.Duration { return time.Duration(uint64(n) * 8e9 / b.rate) }

// Take takes a datagram of n bytes of UDP payload if it may be sent at now. now may not go back between two calls.
func (b *Bucket) Take(now time.Time, n int) bool {
	if b.due.IsZero() {
		b.due, b.fast = now, now // no credit from before the beginning
	}
	switch pause := now.Sub(b.due); {
	case pause > b.memory():
		if b.due, b.part, b.owed = now, 0, 0; b.burst > 0 {
			b.skip = pause % max(b.gather(), 1)
		}
	case pause <= 0:
		b.owed = 0
	}
	if b.fast.Before(now) {
		b.fast = now
	}
	n = b.frames.Bytes(n)
	fastTime := b.fastTime(n)
	next := b.fast.Add(fastTime)
	if b.due.After(now) || (b.fast.After(now) && next.Sub(now) > b.depth) {
		b.refused = n
		return false
	}
	t := uint64(n)*8e9 + b.part
	b.due, b.part = b.due.Add(time.Duration(t/b.rate)), t%b.rate
	b.fast, b.taken = next, b.taken+fastTime
	return true
}

// Left tells that what was taken since the last call had left by now: it may have taken long to make it and to hand it
// over, and the next bytes shall not follow at once.
func (b *Bucket) Left(now time.Time) {
	if at := now.Add(b.taken); at.After(b.fast) {
		b.fast = at
	}
	b.taken = 0
}

// Deadline returns when Take should be tried again, after it has refused: late enough for a quantum's worth of bytes,
// or, in one of many sessions, for the bytes that it gathers.
func (b *Bucket) Deadline(now time.Time) time.Time {
	at, gather := b.due, b.gather()
	if at.After(now) {
		at = at.Add(max(gather-b.skip, 0))
		b.skip = 0
	}
	if fast := b.fast.Add(b.fastTime(b.refused) - b.depth + gather/2); fast.After(at) {
		// A datagram beyond the depth goes when the bucket is full.
		at = fast
		if b.fast.Before(at) {
			at = b.fast
		}
	}
	if d := now.Add(b.quantum); at.Before(d) {
		at = d
	}
	if gather > 0 {
		// Sessions that wake up at the same time share what a timer costs.
		at = at.Add(Quantum - time.Duration(at.UnixNano()%int64(Quantum)))
	}
	return at
}

// Behind returns how far the bytes are behind the rate at now: the time that nobody used, or that Take has refused
// because of the bound of a burst.
func (b *Bucket) Behind(now time.Time) time.Duration {
	if b.due.IsZero() {
		return 0
	}
	return max(now.Sub(b.due), 0)
}

// fastTime returns how long n bytes take at the rate of catching up, rounded up.
func (b *Bucket) fastTime(n int) time.Duration {
	return time.Duration(uint64(n)*8e9*catchUp/(b.rate*(catchUp+1))) + 1
}
