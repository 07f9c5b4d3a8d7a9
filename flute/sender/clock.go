package sender

import "time"

// clock is the time of a session: the wall clock at its start plus the time that has passed. It follows the monotonic
// clock reading of the times it is given where they have one, and never runs backwards: "The server MUST maintain
// consistent relative time during a session" (RFC 5651, section 5.2.2); a step of the system's clock is not seen in it.
type clock struct {
	start time.Time
	now   time.Time // zero: not started
	given time.Time // that now follows from: the packets of a batch have one time
}

// tick advances the clock to t and returns the session's time.
func (c *clock) tick(t time.Time) time.Time {
	if t == c.given {
		return c.now
	}
	c.given = t
	if c.now.IsZero() {
		c.start, c.now = t, t
		return t
	}
	if now := c.start.Add(t.Sub(c.start)); now.After(c.now) {
		c.now = now
	}
	return c.now
}
