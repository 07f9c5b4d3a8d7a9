package core

import "time"

const (
	// leastTarget is below what timers and jitter do to delays.
	leastTarget = 10 * time.Millisecond
	// peakPeriod is for how long the longest queue is remembered, at least.
	peakPeriod = 2 * time.Minute
	// overflowLife is for how long a buffer that has overflown counts as short while the queue does not come near to
	// that length again.
	overflowLife = time.Minute
)

// target is the queueing delay that LEDBAT aims at. Where the bottleneck's buffer is shorter than the configured target
// the queue overflows before LEDBAT yields, and it takes as much as TCP does. So once packets are lost at the longest
// queue that was seen, the target is the configured one, halved until it is no longer than that. So all flows that see
// the same queue have the same target: the one with a longer one would take all.
//
// It stays that as long as the queue comes near to that length, whoever makes it: beside TCP the losses are TCP's. But
// TCP's queue rises and falls. Where it is level, and longer than we would have it, others have a longer target; the
// buffer was not overflown in their sight. Then ours is doubled.
type target struct {
	configured instant
	fixed      bool
	filled     bool // LEDBAT++ keeps the queue at its target, LEDBAT at little more than half of it
	current    instant
	peaks      [2]peaks // the longest queues in this period and in the one before
	period     instant  // when this one began
	overflow   instant  // the longest queue since packets were lost at it, or at a shorter one
	since      peaks    // the longest queues since then
	full       instant  // when it was last about as long as that
	recent     instant  // the longest queue of the last round trips, decaying
	crest      crest
	level      level
	lossUntil  instant // until then a queue may be seen at which the latest loss was
}

func newTarget(cfg *Config) target {
	return target{
		configured: cfg.Target, current: cfg.Target, fixed: cfg.FixedTarget, filled: cfg.Congestion == LEDBATPlusPlus,
	}
}

// saw takes a queueing delay.
func (t *target) saw(delay, now, rtt instant) {
	if now-t.period >= peakPeriod {
		t.peaks[1], t.peaks[0], t.period = t.peaks[0], peaks{}, now
	}
	t.peaks[0].add(delay, now, rtt)
	t.recent = max(delay, t.recent-t.recent/16)
	t.crest.add(delay, now, rtt)
	if now < t.lossUntil {
		t.overflows(now)
	}
	if t.current == t.configured {
		return
	}
	if delay >= t.overflow-t.overflow/8 {
		t.full = now
	}
	t.since.add(delay, now, rtt)
	if longest := t.since.believed(); longest > t.overflow { // it takes more
		t.overflow = longest
		t.current = max(t.current, t.below(longest))
	}
	if length, ok := t.level.add(delay, now, rtt); ok && !t.filled && length > t.current {
		t.current = min(2*t.current, t.configured)
	}
	if now-t.full >= overflowLife {
		t.current = t.configured
	}
}

// below returns the target in a buffer in which the queue was so long.
func (t *target) below(longest instant) instant {
	if t.filled {
		longest -= longest / 4
	}
	d := t.configured
	for d > longest && d/2 >= leastTarget {
		d /= 2
	}
	return d
}

// lost takes a loss. It is seen before the packets that were last in the queue.
func (t *target) lost(now, rtt instant) {
	t.lossUntil = now + rtt
	t.overflows(now)
}

// overflows shortens the target if the queue has just been as long as it ever was.
func (t *target) overflows(now instant) {
	longest := max(t.peaks[0].believed(), t.peaks[1].believed())
	height := t.crest.height()
	if t.fixed || height < longest*9/10 || height < leastTarget {
		return
	}
	d := t.below(height)
	if d >= t.current {
		return
	}
	t.overflow, t.full, t.since, t.level = height, now, peaks{}, level{}
	t.current = d
}
