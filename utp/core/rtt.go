package core

import "time"

// rtt estimates the round-trip time and the retransmission timeout (RFC 6298, BEP 29).
type rtt struct {
	smoothed  instant
	variation instant
	least     instant // zero: no sample yet

	initial, min, max instant
	backoff           int // timeouts since something was acknowledged
}

// rttSlack is the least distance of the timeout to the round-trip time: a path without variation still has timers.
const rttSlack = 40 * time.Millisecond

// sample takes the time from sending a packet once to its acknowledgement.
func (r *rtt) sample(t instant) {
	if r.least == 0 {
		r.smoothed, r.variation, r.least = t, t/2, t
		return
	}
	r.least = min(r.least, t)
	r.variation += ((t - r.smoothed).Abs() - r.variation) / 4
	r.smoothed += (t - r.smoothed) / 8
}

// timeout returns the retransmission timeout, doubled for each timeout in a row.
func (r *rtt) timeout() instant {
	t := r.initial
	if r.least != 0 {
		t = max(r.smoothed+max(4*r.variation, rttSlack), r.min)
	}
	for range r.backoff {
		if t >= r.max {
			break
		}
		t *= 2
	}
	return min(t, r.max)
}

// tooSoon reports whether an acknowledgement so long after a second transmission must be of the first one.
func (r *rtt) tooSoon(took instant) bool { return r.least > 0 && took < r.least*3/4 }

// orInitial returns the smoothed round-trip time, or a guess.
func (r *rtt) orInitial() instant {
	if r.least == 0 {
		return r.initial
	}
	return r.smoothed
}
