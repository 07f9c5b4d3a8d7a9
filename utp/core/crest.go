package core

// crest is the longest queue of this round trip and of the one before.
type crest struct {
	longest [2]instant
	until   instant // the end of this round trip
}

// add takes a queueing delay.
func (c *crest) add(delay, now, rtt instant) {
	if now >= c.until {
		c.longest[1], c.longest[0], c.until = c.longest[0], 0, now+rtt
	}
	c.longest[0] = max(c.longest[0], delay)
}

// height returns the longest.
func (c *crest) height() instant { return max(c.longest[0], c.longest[1]) }
