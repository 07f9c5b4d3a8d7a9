package core

import "time"

const (
	// leastTarget is below what timers and jitter do to delays.
	leastTarget = 10 * time.Millisecond
	// peakPeriod is for how long the longest queue is remembered, at least.
	peakPeriod = 2 * time.Minute
	// growPeriod is how often the target grows back while nothing is lost.
	growPeriod = 10 * time.Second
)

// target is the queueing delay that LEDBAT aims at. Where the bottleneck's buffer is shorter than the configured target
// the queue overflows before LEDBAT yields, and it takes as much as TCP does. So when packets are lost at the longest
// queue that was seen, half of that is the target.
type target struct {
	configured instant
	fixed      bool
	current    instant
	peaks      [2]instant // the longest queue in this period and in the one before
	period     instant    // when this one began
	grown      instant    // when the target last changed
	overflow   instant    // the queue at which packets were lost
	recent     instant    // the longest queue of the last round trips, decaying
}

func newTarget(cfg *Config) target {
	return target{configured: cfg.Target, fixed: cfg.FixedTarget, current: cfg.Target}
}

// saw takes a queueing delay.
func (t *target) saw(delay, now instant) {
	if now-t.period >= peakPeriod {
		t.peaks[1], t.peaks[0], t.period = t.peaks[0], 0, now
	}
	t.peaks[0] = max(t.peaks[0], delay)
	t.recent = max(delay, t.recent-t.recent/16)
	if t.current < t.configured && delay > t.overflow+t.overflow/8 {
		t.current, t.grown = t.configured, now // the queue takes more: that loss was none of an overflow
	}
	if t.current < t.configured && now-t.grown >= growPeriod {
		t.current, t.grown = min(t.configured, t.current+t.current/8), now
	}
}

// lost takes a loss.
func (t *target) lost(now instant) {
	longest := max(t.peaks[0], t.peaks[1])
	if t.fixed || t.recent < longest*9/10 || t.recent/2 >= t.current || t.recent < leastTarget {
		return
	}
	t.overflow = t.recent
	t.current, t.grown = max(t.recent/2, min(leastTarget, t.configured)), now
}
