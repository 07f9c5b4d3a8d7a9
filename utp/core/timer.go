package core

import "time"

// expire does what is due at now.
func (c *Conn) expire(now instant) {
	if c.state == ended {
		return
	}
	switch {
	case now >= c.endAt && c.state == lingering:
		c.finish()
		return
	case now >= c.endAt:
		c.giveUp(now)
		return
	case c.state == synSent:
		if now >= c.synDue && c.synTries >= c.cfg.ConnectTries {
			c.fail(ErrTimeout, true)
		}
		return
	case c.state == connected && c.cfg.Idle > 0 && now >= c.heard+c.cfg.Idle:
		c.giveUp(now)
		return
	}
	if now >= c.loss.due {
		c.detect(now)
	}
	if now >= c.loss.timeout {
		c.timeOut(now)
	} else if now >= c.loss.probe {
		c.probeTail(now)
	}
	c.watchWindow(now)
}

// watchWindow sets the timer that finds out whether a full peer has room.
func (c *Conn) watchWindow(now instant) {
	blocked := c.state == connected && c.queued() > 0 && c.flight.pending == 0 && c.peerWindow <= 0
	switch {
	case !blocked:
		c.persist = never
	case c.persist == never:
		c.persist = now + c.rtt.timeout()
	}
}

// inquiry returns when a silent peer is to be asked for a sign of life: after half of Config.Idle, and then eight times
// in it; and once when ICMP has said that nobody listens, to hear it again.
func (c *Conn) inquiry() instant {
	if c.cfg.Idle <= 0 {
		return never
	}
	if c.refused != never && c.refused > c.heard && c.inquired < c.refused+refusedFor {
		return c.refused + refusedFor
	}
	return max(c.heard+c.cfg.Idle/2, c.inquired+c.cfg.Idle/8)
}

// Deadline returns when AppendNext is to be called next: not after the time of the latest call of any method if
// something can be sent at once; zero if the connection is Done.
func (c *Conn) Deadline() time.Time {
	if c.Done() {
		return time.Time{}
	}
	now := c.clock.now
	if c.resetDue {
		return c.clock.at(now)
	}
	due := c.endAt
	switch c.state {
	case lingering, ended:
	case synSent:
		due = min(due, c.synDue)
	case connected:
		c.watchWindow(now)
		due = min(due, c.loss.due, c.loss.probe, c.loss.timeout, c.persist, c.confirm)
		if c.cfg.Idle > 0 {
			due = min(due, c.inquiry(), c.heard+c.cfg.Idle)
		}
		if c.cfg.KeepAlive > 0 {
			due = min(due, c.sent+c.cfg.KeepAlive)
		}
		switch c.ready(now) {
		case nothing:
		case extra:
			due = now
		default:
			if c.pace.off {
				due = now
			}
			due = min(due, c.pace.due)
		}
	}
	if c.state >= connected {
		due = min(due, c.acks.due)
	}
	return c.clock.at(max(due, now))
}
