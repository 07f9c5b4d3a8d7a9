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
// queue that was seen, half of that is the target.
//
// It stays that as long as the queue comes near to that length, whoever makes it: beside TCP the losses are TCP's. All
// flows that see the same queue have the same target then; the one with a longer one would take all.
type target struct {
	configured instant
	fixed      bool
	current    instant
	peaks      [2]peaks // the longest queues in this period and in the one before
	period     instant  // when this one began
	overflow   instant  // the longest queue since packets were lost at it, or at a shorter one
	since      peaks    // the longest queues since then
	full       instant  // when it was last about as long as that
	recent     instant  // the longest queue of the last round trips, decaying
}

func newTarget(cfg *Config) target {
	return target{configured: cfg.Target, fixed: cfg.FixedTarget, current: cfg.Target}
}

// saw takes a queueing delay.
func (t *target) saw(delay, now, rtt instant) {
	if now-t.period >= peakPeriod {
		t.peaks[1], t.peaks[0], t.period = t.peaks[0], peaks{}, now
	}
	t.peaks[0].add(delay, now, rtt)
	t.recent = max(delay, t.recent-t.recent/16)
	if t.current == t.configured {
		return
	}
	if delay >= t.overflow-t.overflow/8 {
		t.full = now
	}
	t.since.add(delay, now, rtt)
	if longest := t.since.believed(); longest > t.overflow { // it takes more
		t.overflow = longest
		t.current = min(max(t.current, longest/2), t.configured)
	}
	if now-t.full >= overflowLife {
		t.current = t.configured
	}
}

// lost takes a loss.
func (t *target) lost(now instant) {
	longest := max(t.peaks[0].believed(), t.peaks[1].believed())
	if t.fixed || t.recent < longest*9/10 || t.recent/2 >= t.current || t.recent < leastTarget {
		return
	}
	t.overflow, t.full, t.since = t.recent, now, peaks{}
	t.current = max(t.recent/2, min(leastTarget, t.configured))
}
