package core

// peaks are the longest queues of three round trips, in order, the longest first. The third is believed: the first may
// be a moment in which nothing moved.
type peaks struct {
	longest [3]instant
	place   int     // of this round trip's; len(longest): none
	until   instant // the end of this round trip
}

// add takes a queueing delay.
func (p *peaks) add(delay, now, rtt instant) {
	last := len(p.longest) - 1
	if now >= p.until {
		p.until, p.place = now+rtt, last+1
	}
	i := min(p.place, last)
	if delay <= p.longest[i] {
		return
	}
	for ; i > 0 && p.longest[i-1] < delay; i-- {
		p.longest[i] = p.longest[i-1]
	}
	p.longest[i], p.place = delay, i
}

// believed returns the longest queue; zero: not known.
func (p *peaks) believed() instant { return p.longest[len(p.longest)-1] }
