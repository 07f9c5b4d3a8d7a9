package receiver

import (
	"time"

	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/lct"
)

// senderClock is the clock of the sender, as told by the latest Sender Current Time (RFC 5651, section 5.2.2). From
// there on it follows the monotonic clock: a step of the receiver's wall clock is not seen in it.
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

// readClock takes the Sender Current Time of a packet. A packet that was delayed, or sent again as it was, tells a time
// that is past; so within an FDT Instance the clock is only ever set forward.
func (s *Session) readClock(now time.Time, in *instance, p *alc.Packet) {
	if p.Time == nil || s.l.cfg.Expiry != ExpiryUseSCT {
		return
	}
	clock := &s.l.clock
	t, err := lct.ParseTime(p.Time, clock.read(now))
	if err == nil && t.HasSCT && (!in.hasSCT || t.SCT.After(clock.read(now))) {
		in.hasSCT = true
		clock.set(t.SCT, now)
	}
}
