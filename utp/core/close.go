package core

import (
	"time"

	"github.com/flute-node/flute-node/utp/wire"
)

const (
	// leastLinger and mostLinger bound how long an end that has finished answers packets that come again. It waits for
	// four of the peer's timeouts, each twice as long as the one before, as far as it knows them.
	leastLinger   = 3 * time.Second
	mostLinger    = 10 * time.Second
	lingerForRTOs = 1 + 2 + 4 + 8
	// lingerRepeats bounds how often that is prolonged by a packet that comes again: what told the peer may be lost,
	// too.
	lingerRepeats = 10
)

// CloseWrite ends this end's stream: a FIN follows all bytes that Write has accepted. Reading goes on. It does nothing
// once it, or Close, was called or the connection has ended.
func (c *Conn) CloseWrite(now time.Time) {
	c.clock.tick(now)
	if c.state < lingering {
		c.finQueued = true
	}
}

// Close ends both directions. What Write has accepted is delivered, within Config.Linger, or Err says that it was not;
// what the peer sends is acknowledged and not read.
func (c *Conn) Close(now time.Time) {
	t := c.clock.tick(now)
	if c.state >= lingering {
		return
	}
	if c.state == synSent && c.outbox.n == 0 {
		c.fail(ErrAborted, c.synTries > 0)
		return
	}
	c.finQueued = true
	if !c.discards {
		c.discards = true
		c.endAt = min(c.endAt, t+c.cfg.Linger)
		c.inbox.unread.discard(c.inbox.unread.n)
		if c.state == connected && c.acks.opened(c.inbox.window(), c.inbox.limit, c.mtu.max) {
			c.acks.due = t
		}
	}
	c.settle(t)
}

// Abort ends the connection at once, with a RESET for the peer. Bytes may be lost. A connection that has delivered all
// no longer answers what comes again.
func (c *Conn) Abort(now time.Time) {
	c.clock.tick(now)
	switch {
	case c.state == lingering:
		c.finish()
	case c.state < lingering:
		c.fail(ErrAborted, c.state == connected || c.synTries > 0)
	}
}

// settle ends the connection when everything is delivered: both ways, or, after Close, our way.
func (c *Conn) settle(now instant) {
	if c.state == lingering && c.lingers < lingerRepeats && c.acks.due != never {
		c.lingers++
		c.endAt = max(c.endAt, now+leastLinger)
	}
	if c.onlyFIN() && c.inbox.ended() {
		c.endAt = min(c.endAt, now+c.linger())
	}
	if c.state != connected || !c.finAcked || !c.inbox.ended() && !c.discards {
		return
	}
	c.state = lingering
	c.endAt = now + c.linger()
	c.events |= Closed
}

// linger is how long an end that has finished waits for packets of the peer.
func (c *Conn) linger() instant {
	return min(max(lingerForRTOs*c.rtt.timeout(), leastLinger), mostLinger)
}

// onlyFIN reports whether all bytes are delivered, and the FIN is not.
func (c *Conn) onlyFIN() bool {
	if c.state != connected || !c.finQueued || c.finAcked || c.outbox.n > 0 {
		return false
	}
	return c.flight.n == 0 || c.flight.n == 1 && c.finSent
}

// giveUp ends a connection whose peer answers no longer. That is no failure if it has finished and has all our bytes:
// peers are gone then without waiting for our FIN (librqbit-utp answers nothing after the ACK of its own).
func (c *Conn) giveUp(now instant) {
	if c.onlyFIN() && c.inbox.ended() {
		c.finAcked = true
		c.settle(now)
		c.finish()
		return
	}
	c.fail(ErrTimeout, true)
}

// fail ends the connection with an error, and with a RESET if the peer is to know.
func (c *Conn) fail(err error, tell bool) {
	if c.state == ended {
		return
	}
	c.err, c.resetDue = err, tell
	c.events |= Closed
	c.finish()
}

// finish ends the connection and gives back the memory that it needed. What was received can still be read.
func (c *Conn) finish() {
	c.state = ended
	c.outbox = byteQueue{}
	c.flight.ring, c.flight.bytes, c.flight.pending = nil, 0, 0
	c.flight.sacked, c.flight.lost, c.flight.resent = 0, 0, 0
	c.flight.first, c.flight.n = c.flight.next(), 0
	c.inbox.ahead, c.inbox.bytes, c.inbox.free, c.mask = nil, 0, nil, nil
}

// reset takes a RESET. It must carry an id of this connection, and acknowledge one of the packets that the peer may
// have seen last: who only guesses an address and an id ends nothing.
func (c *Conn) reset(p *wire.Packet) {
	d := p.Ack.Sub(c.flight.first - 1)
	switch {
	case p.ConnID != c.recvID && p.ConnID != c.sendID:
		c.stats.Dropped.Foreign++
	case d < 0 || d > c.flight.n+1:
		c.stats.Dropped.Ack++
	case c.state == synSent:
		c.fail(ErrRefused, false)
	case c.state == lingering:
		c.finish()
	default:
		c.lose()
	}
}
