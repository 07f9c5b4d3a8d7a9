package core

import (
	"time"

	"github.com/flute-node/flute-node/utp/wire"
)

// AppendNext does what is due, and appends the next datagram to send to b if there is one. With whole it must be sent
// with "don't fragment", without whole it may be fragmented. It is called again until ok is false, and then at
// Deadline, and after each call of another method.
func (c *Conn) AppendNext(b []byte, now time.Time) (pkt []byte, whole, ok bool) {
	t := c.clock.tick(now)
	c.expire(t)
	switch {
	case c.resetDue:
		c.resetDue = false
		return c.appendPacket(b, wire.Reset, c.flight.next(), t), true, true
	case c.state == ended:
		return b, false, false
	case c.state == synSent:
		return c.appendSyn(b, t)
	}
	// An acknowledgement with a mask goes by itself: the mask leaves a packet of data no room.
	if c.acks.due <= t && len(c.inbox.ahead) > 0 {
		return c.appendState(b, t), true, true
	}
	switch what := c.ready(t); {
	case what == nothing:
	case what == extra || c.pace.ready(t):
		return c.appendData(b, what, t)
	default:
		c.limitedAt = t // the pace, which the window sets, keeps it back
	}
	if c.acks.due <= t {
		return c.appendState(b, t), true, true
	}
	return c.appendAlive(b, t)
}

// appendPacket appends a packet without payload that has the sequence number seq.
func (c *Conn) appendPacket(b []byte, kind wire.Type, seq wire.Seq, now instant) []byte {
	p := wire.Packet{
		Type: kind, ConnID: c.sendID, Timestamp: c.clock.wire(), Delay: c.delays.reply,
		Window: uint32(c.inbox.window()), Seq: seq, Ack: c.inbox.last,
	}
	if kind == wire.Syn {
		p.ConnID = c.recvID
	}
	if kind == wire.State && len(c.inbox.ahead) > 0 {
		c.mask = c.inbox.appendSACK(c.mask[:0], maxSACK)
		p.SACK = c.mask
	}
	c.acks.sent(int(p.Window))
	c.sent = now
	c.stats.Sent++
	return p.AppendBinary(b)
}

// appendState appends an acknowledgement.
func (c *Conn) appendState(b []byte, now instant) []byte {
	return c.appendPacket(b, wire.State, c.flight.next(), now)
}

// appendSyn appends our SYN when it is due.
func (c *Conn) appendSyn(b []byte, now instant) (pkt []byte, whole, ok bool) {
	if now < c.synDue {
		return b, false, false
	}
	c.synAt = now
	if c.synTries == 0 {
		c.synFirst = now
	}
	c.synDue = now + c.rtt.timeout()
	c.rtt.backoff++
	c.synTries++
	return c.appendPacket(b, wire.Syn, c.flight.first-1, now), true, true
}

// what is the kind of a packet that takes a sequence number.
type what uint8

const (
	nothing what = iota
	extra        // one packet, whatever the windows and the pacer say
	again        // one that was lost
	fresh        // bytes for the first time
	fin
)

// ready returns what the windows allow to send.
func (c *Conn) ready(now instant) what {
	f := &c.flight
	if c.state != connected {
		return nothing
	}
	if c.sendExtra {
		if f.n > f.sacked {
			return extra
		}
		c.sendExtra = false
	}
	if f.lost > 0 {
		if p := f.at(f.firstLost()); f.bytes == 0 || f.bytes+p.weight() <= c.control.window() {
			return again
		}
		c.limitedAt = now
		return nothing
	}
	if size, _ := c.cut(now); size > 0 {
		return fresh
	}
	if c.finQueued && !c.finSent && c.queued() == 0 {
		return fin
	}
	return nothing
}

// queued returns how many bytes were not sent yet.
func (c *Conn) queued() int { return c.outbox.n - int(c.end-c.base) }

// cut returns how many bytes the next packet takes of what was not sent yet, or zero if it has to wait.
func (c *Conn) cut(now instant) (size int, probe bool) {
	f, queued := &c.flight, c.queued()
	if queued == 0 || f.n >= c.cfg.MaxFlight {
		return 0, false
	}
	full := c.mtu.size() - headerLen
	room := c.peerWindow - f.pending
	window := c.control.window() - f.bytes
	size = min(queued, full)
	// A probe may exceed the window by what it is longer than a packet: there is never more room in a window that is
	// used.
	longer := c.mtu.probe(now) - headerLen
	if longer > full && longer <= min(queued, room, c.control.window()) && window >= full {
		return longer, true
	}
	if size > room {
		if f.pending > 0 {
			return 0, false
		}
		if size = room; size <= 0 {
			if now < c.persist {
				return 0, false
			}
			size = 1 // whether the peer has room is to be found out
		}
	}
	if size > window && f.bytes > 0 {
		c.limitedAt = now
		return 0, false
	}
	// Nagle's algorithm: a short packet waits for more bytes while something is on its way.
	if size < full && size == queued && !c.cfg.NoDelay && !c.finQueued && f.n > f.sacked {
		return 0, false
	}
	return size, false
}

// appendData appends a packet of the kind that ready has returned.
func (c *Conn) appendData(b []byte, kind what, now instant) (pkt []byte, whole, ok bool) {
	f := &c.flight
	idle := f.n == f.sacked
	i := f.n // of a new packet
	var p *packet
	switch kind {
	case nothing:
		return b, false, false
	case extra, again:
		c.sendExtra = false
		if i = f.n - 1; f.lost > 0 {
			i = f.firstLost()
		}
		for f.at(i).sacked {
			i--
		}
		p = f.at(i)
		f.resend(p, now)
		p.whole = p.size+headerLen <= c.mtu.min
		c.stats.Resent++
	case fresh:
		size, probe := c.cut(now)
		p = f.push(packet{offset: c.end, size: size, sent: now, sends: 1, probe: probe, whole: true})
		c.end += uint64(size)
		c.persist = never
		c.stats.BytesSent += uint64(size)
		if probe {
			c.mtu.sent(size + headerLen)
			c.stats.Probes++
		}
	case fin:
		c.finSent = true
		p = f.push(packet{offset: c.end, sent: now, sends: 1, fin: true, whole: true})
	}
	t := wire.Data
	if p.fin {
		t = wire.Fin
	}
	b = c.appendPacket(b, t, f.first+wire.Seq(i), now)
	one, two := c.outbox.parts(int(p.offset-c.base), p.size)
	b = append(append(b, one...), two...)
	c.pace.sent(p.size+headerLen, now)
	if idle || kind == extra && c.loss.timeout == never {
		c.armTimers(now)
	}
	return b, p.whole, true
}

// maxConfirms bounds the packets that repeat the third one of the handshake: by then the peer has forgotten it, or does
// not answer such packets.
const maxConfirms = 4

// appendInquiry appends a packet that asks the peer for a sign of life: it repeats a sequence number that the peer has
// acknowledged, which makes it acknowledge again.
func (c *Conn) appendInquiry(b []byte, now instant) []byte {
	return append(c.appendPacket(b, wire.Data, c.flight.first-1, now), 0)
}

// appendAlive appends a packet that completes the handshake, keeps NATs open, or asks a silent peer for a sign of life,
// if one is due.
func (c *Conn) appendAlive(b []byte, now instant) (pkt []byte, whole, ok bool) {
	switch {
	case c.state != connected:
	case now >= c.confirm:
		// The peer forgets its half of the handshake unless it gets ours, and neither has anything else to send.
		c.confirm = never
		if c.confirms++; c.confirms < maxConfirms {
			c.confirm = now + c.rtt.timeout()<<c.confirms
		}
		return c.appendInquiry(b, now), true, true
	case now >= c.inquiry():
		c.inquired = now
		return c.appendInquiry(b, now), true, true
	case c.cfg.KeepAlive > 0 && now >= c.sent+c.cfg.KeepAlive:
		last := c.inbox.last
		c.inbox.last-- // as libutp does: an acknowledgement that says nothing new
		b = c.appendState(b, now)
		c.inbox.last = last
		c.inbox.release()
		c.outbox.release()
		return b, true, true
	}
	return b, false, false
}
