package core

import "time"

const (
	// levelPeriods is over how many periods a queue that is level has the same length, within one levelTolerance-th.
	// TCP's falls by a third at each loss, and rises by more than that in as many periods.
	levelPeriods   = 5
	levelTolerance = 16
	// levelPeriod is the least length of a period. It is longer than a slowdown takes, as are levelRoundTrips: others'
	// slowdowns, in which the queue is short, leave the longest of a period as it is.
	levelPeriod     = time.Second
	levelRoundTrips = 12
)

// level tells a queue that keeps its length from one that rises and falls.
type level struct {
	longest [levelPeriods]instant // in each of the last periods, in turn
	n       int                   // periods since the queue was last level
	until   instant               // the end of this period
}

// add takes a queueing delay. At the end of a period it reports whether the queue was level, and how long.
func (l *level) add(delay, now, rtt instant) (length instant, ok bool) {
	at := l.n % levelPeriods
	if now < l.until {
		l.longest[at] = max(l.longest[at], delay)
		return 0, false
	}
	least, most := l.longest[at], l.longest[at]
	for _, d := range l.longest {
		least, most = min(least, d), max(most, d)
	}
	l.until = now + max(levelPeriod, levelRoundTrips*rtt)
	l.n++
	l.longest[l.n%levelPeriods] = delay
	if ok = l.n > levelPeriods && most-least <= most/levelTolerance; ok {
		l.n = 0
		l.longest[0] = delay
	}
	return least, ok
}
