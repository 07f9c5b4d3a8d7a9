package core

import (
	"math"
	"time"
)

// instant is a time since the connection began.
type instant = time.Duration

// never is later than every instant that a timer is set to.
const never instant = math.MaxInt64

// clock turns the caller's times into instants. It follows their monotonic clock reading where they have one, and never
// runs backwards: a step of the system's clock moves neither a timer nor a measurement.
type clock struct {
	epoch  time.Time
	micros uint32 // of the wire at the epoch
	now    instant
}

func newClock(t time.Time) clock {
	return clock{epoch: t, micros: uint32(t.UnixMicro())}
}

// tick advances the clock to t and returns its time.
func (c *clock) tick(t time.Time) instant {
	c.now = max(c.now, t.Sub(c.epoch))
	return c.now
}

// wire returns the time as packets carry it: microseconds modulo 2^32.
func (c *clock) wire() uint32 { return c.micros + uint32(c.now/time.Microsecond) }

// at returns the caller's time of an instant; zero for never.
func (c *clock) at(i instant) time.Time {
	if i == never {
		return time.Time{}
	}
	return c.epoch.Add(i)
}
