package core

import "time"

const (
	// latelyParts is how many parts of a round trip count as lately, and latelyPart how many there are in all. With
	// more of them a queue would overflow before it is seen.
	latelyParts = 2
	latelyPart  = 8
	// standstill is the longest moment, beside a round trip, after which it still counts what was before it.
	standstill = 100 * time.Millisecond
)

// lately is the least queueing delay of late. It leaves out moments in which nothing moves, as on a busy machine or a
// radio link: what was kept back arrives at once then, and the last of it was hardly kept back.
//
// RFC 6817, section 2.5: "CURRENT_FILTER MUST be limited such that samples in the list are not older than an RTT". Here
// it is a quarter of one, and the moment in which there were no samples does not count.
type lately struct {
	least [latelyParts]instant // of each part of a round trip, that of now first
	until instant              // the end of the part of now; 0: there is none
}

// add takes a delay, and returns the least of late.
func (l *lately) add(delay, now, rtt instant) instant {
	switch {
	case now < l.until:
		delay = min(delay, l.least[0])
	case l.until > 0 && now < l.until+rtt+standstill:
		l.least[1] = l.least[0]
		l.until = now + rtt/latelyPart
	default:
		l.least[1] = delay
		l.until = now + rtt/latelyPart
	}
	l.least[0] = delay
	return min(l.least[0], l.least[1])
}
