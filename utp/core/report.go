package core

import (
	"encoding/binary"
	"time"

	"github.com/flute-node/flute-node/utp/wire"
)

// refusedFor is for how long nobody listens at least where a connection ends for that: a program that opens its socket
// again needs less.
const refusedFor = 2 * time.Second

// Quoted is what ICMP quotes of one of our packets.
type Quoted struct {
	Type      wire.Type
	ID        wire.ConnID
	timestamp uint32
	seq       wire.Seq
}

// ParseQuoted takes the bytes of a datagram as far as they are quoted; ok is false if they lack a part of the header.
func ParseQuoted(b []byte) (q Quoted, ok bool) {
	const timestamp, seq = 4, 16
	t, id, ok := wire.Peek(b)
	if !ok || len(b) < headerLen {
		return q, false
	}
	q = Quoted{Type: t, ID: id, timestamp: binary.BigEndian.Uint32(b[timestamp:])}
	q.seq = wire.Seq(binary.BigEndian.Uint16(b[seq:]))
	return q, true
}

// sentAt returns when we sent what is quoted; ok is false if we did not, or if it does not matter any more. Who does
// not see our packets has to guess an id, a number and the microsecond of a transmission.
func (c *Conn) sentAt(q Quoted) (at instant, ok bool) {
	is := func(at instant) bool { return c.clock.micros+uint32(at/time.Microsecond) == q.timestamp }
	switch {
	case c.state == synSent:
		same := q.Type == wire.Syn && q.ID == c.recvID && q.seq == c.flight.first-1
		return c.synAt, same && c.synTries > 0 && is(c.synAt)
	case c.state == ended || q.ID != c.sendID:
		return 0, false
	}
	if i := q.seq.Sub(c.flight.first); q.Type != wire.State && i >= 0 && i < c.flight.n {
		p := c.flight.at(i)
		return p.sent, !p.sacked && is(p.sent)
	}
	next := c.flight.next()
	if q.Type == wire.Data { // an inquiry
		next = c.flight.first - 1
	}
	return c.sent, q.seq == next && is(c.sent)
}

// Refused takes what ICMP says: nobody listens where a packet of ours was sent. A SYN is refused by that. An open
// connection ends when it is said again of a packet that was sent 2 s later, and the peer has been silent all the time:
// whoever forges ICMP ends no connection whose peer answers.
func (c *Conn) Refused(now time.Time, q Quoted) {
	t := c.clock.tick(now)
	at, ok := c.sentAt(q)
	if !ok {
		c.stats.Dropped.Foreign++
		return
	}
	switch {
	case c.state == synSent:
		c.fail(ErrRefused, false)
	case c.state == lingering:
		c.finish()
	case c.heard >= at:
	case c.refused == never || c.refused <= c.heard:
		c.refused = t
	case at >= c.refused+refusedFor:
		c.lose()
	}
}

// lose ends a connection whose peer is gone.
func (c *Conn) lose() {
	if c.finSent && c.onlyFIN() && (c.inbox.ended() || c.discards) {
		// All that is not acknowledged is our FIN: the peer has got it, has finished, and is gone.
		c.finAcked = true
		c.settle(c.clock.now)
		c.finish()
		return
	}
	c.fail(ErrReset, false)
}
