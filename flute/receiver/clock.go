package receiver

import "time"

// senderClock is the clock of the sender, as told by the latest Sender Current Time (RFC 5651, section 5.2.2). From there
// on it follows the monotonic clock: a step of the receiver's wall clock is not seen in it.
type senderClock struct {
	sct time.Time // zero: never told
	at  time.Time // when it came, by the receiver's clock
}

// set takes a Sender Current Time that came at now.
func (c *senderClock) set(sct, now time.Time) { c.sct, c.at = sct, now }

// read returns the sender's time at now: the receiver's until the sender has told its own.
func (c *senderClock) read(now time.Time) time.Time {
	if c.sct.IsZero() {
		return now
	}
	return c.sct.Add(now.Sub(c.at))
}
