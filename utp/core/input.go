package core

import (
	"time"

	"github.com/flute-node/flute-node/utp/wire"
)

// Handle takes a datagram of the peer. It keeps none of its bytes. What is wrong is dropped and counted.
func (c *Conn) Handle(now time.Time, datagram []byte) {
	t := c.clock.tick(now)
	c.stats.Received++
	p, err := wire.Parse(datagram)
	if err != nil || p.Type == wire.State && len(p.Payload) > 0 {
		c.stats.Dropped.Malformed++
		return
	}
	c.handle(&p, t)
}

func (c *Conn) handle(p *wire.Packet, now instant) {
	drop := &c.stats.Dropped
	switch {
	case c.state == ended:
		drop.Late++
	case p.Type == wire.Reset:
		c.reset(p)
	case p.Type == wire.Syn:
		c.repeatedSyn(p, now)
	case p.ConnID != c.recvID:
		drop.Foreign++
	case c.state == synSent && (p.Type != wire.State || p.Ack != c.flight.first-1 || p.SACK != nil):
		drop.Early++
	case !c.validAck(p):
		drop.Ack++
	default:
		if c.state == synSent {
			c.connect(p, now)
		} else if p.Type != wire.State || p.Ack.Sub(c.flight.first-1) > 0 || c.confirms > 0 {
			c.confirm = never // this answers something else than our SYN
		}
		c.heard, c.inquired = now, now
		c.delays.arrived(p.Timestamp, c.clock.wire(), now)
		if p.Ack.Sub(c.flight.first-1) >= 0 {
			c.progress(p, now)
		}
		if p.Type != wire.State {
			c.receive(p, now)
		}
		c.settle(now)
	}
}

// connect takes the answer to our SYN. It takes no sequence number: the first packet of the peer has the one that the
// answer carries, as in libutp.
func (c *Conn) connect(p *wire.Packet, now instant) {
	c.state, c.synDue = connected, never
	c.rtt.backoff = 0
	c.inbox.last = p.Seq - 1
	if took := c.synTook(p, now); took > 0 {
		c.rtt.sample(took)
		c.pace.set(c.control.window(), c.rtt.smoothed, true)
	}
	c.acks.due = now // or the peer would not know that its answer has come
	c.confirm = now + c.rtt.timeout()
	c.events |= Connected
}

// synTook returns the round-trip time of our SYN; zero: not known. Of one that was sent again the peer tells by its
// clock which copy it answers. Without that, what completes the handshake, if lost, would come again after the peer has
// forgotten its half.
func (c *Conn) synTook(p *wire.Packet, now instant) instant {
	if c.synTries == 1 {
		return max(now-c.synAt, 1)
	}
	took := instant(c.clock.wire()-(p.Timestamp-p.Delay)) * time.Microsecond
	if p.Delay == 0 || took+2*time.Microsecond < now-c.synAt || took > now-c.synFirst {
		return 0
	}
	return took
}

// progress takes what a packet acknowledges, and the delay and the window that it reports.
func (c *Conn) progress(p *wire.Packet, now instant) {
	f := &c.flight
	wasFull := c.peerWindow == 0
	news := c.peerWindow != int(min(p.Window, maxBuffer)) || p.Type != wire.State || f.n == 0
	c.peerWindow = int(min(p.Window, maxBuffer))
	inFlight := f.bytes
	a := c.acknowledge(p, now)
	if a.packets > 0 && a.rtt > 0 {
		c.rtt.sample(a.rtt)
	}
	delay, ok := c.delays.sample(p.Delay, a.minRTT, now)
	if a.early > 0 {
		c.vindicate(a.early)
	}
	if a.packets > 0 {
		c.rtt.backoff, c.loss.probed = 0, false
		c.control.acked(progress{
			now: now, bytes: a.bytes, inFlight: inFlight, packet: c.mtu.size() - headerLen,
			rtt: c.rtt.orInitial(), leastRTT: c.rtt.least, delay: delay, hasDelay: ok,
			limited: c.limitedAt >= 0 && now-c.limitedAt < limitedFor*c.rtt.orInitial(),
		})
	}
	if a.packets > 0 || c.peerWindow == 0 {
		c.timeouts = 0 // what is in flight to a peer that has no room asks whether it has
	}
	c.masks = c.masks || p.SACK != nil
	if c.repeats++; news || a.packets > 0 || c.masks || wasFull {
		c.repeats = 0
	}
	c.detect(now)
	if wasFull && c.peerWindow > 0 && c.rtt.backoff > 0 {
		c.reopen()
	}
	if a.packets > 0 {
		c.armTimers(now)
		c.roomy()
	}
	c.pace.set(c.control.window(), c.rtt.orInitial(), c.control.slowStart())
}

// detect cuts the congestion window for packets that were lost, once for each round trip.
func (c *Conn) detect(now instant) {
	before := c.stats.Lost
	bytes, newest := c.detectLosses(now)
	if c.mtu.blackHole {
		// The long packets were lost for their length. What is left of them may be fragmented.
		c.mtu.blackHole = false
		c.stats.BlackHoles++
		if c.unproven > 0 {
			c.control.undo()
		}
		c.cutAt, c.unproven = now, 0
		return
	}
	if bytes == 0 {
		return
	}
	packets := int(c.stats.Lost - before)
	if c.unproven > 0 {
		c.unproven += packets
	}
	if newest > c.cutAt {
		c.cutAt, c.unproven = now, packets
		c.control.lost(now)
		c.stats.Cuts++
		c.sendExtra = c.flight.lost > 0 // what is missing does not wait until the smaller window has room
	}
}

// vindicate takes n packets that were given up and had arrived. When that holds for all of them, nothing was lost.
func (c *Conn) vindicate(n int) {
	if c.unproven == 0 {
		return
	}
	if c.unproven = max(0, c.unproven-n); c.unproven == 0 {
		c.control.undo()
		c.stats.Undone++
	}
}

// reopen sends what a full peer has dropped at once when it has room.
func (c *Conn) reopen() {
	c.rtt.backoff = 0
	for i := range c.flight.n {
		if p := c.flight.at(i); !p.sacked && !p.lost {
			c.flight.lose(i)
		}
	}
}

// receive takes the payload of a packet, or its FIN.
func (c *Conn) receive(p *wire.Packet, now instant) {
	drop := &c.stats.Dropped
	hole := len(c.inbox.ahead) > 0
	before := c.inbox.unread.n
	switch c.inbox.take(p.Seq, p.Payload, p.Type == wire.Fin) {
	case arrived:
		c.acks.owe(now, c.cfg.AckDelay, hole || c.inbox.ended())
		c.stats.BytesReceived += uint64(c.inbox.unread.n - before)
		if c.discards {
			c.inbox.unread.discard(c.inbox.unread.n)
		} else if c.inbox.unread.n > before {
			c.events |= Readable
		}
		if c.inbox.ended() {
			c.events |= HalfClosed
		}
	case arrivedAhead:
		c.acks.owe(now, 0, true)
	case arrivedAgain:
		drop.Duplicate++
		c.acks.owe(now, 0, true) // our acknowledgement may be lost
	case noRoom:
		drop.NoRoom++
		c.acks.owe(now, 0, true) // it may ask whether there is room
	case tooFar:
		drop.Far++
	case pastEOF:
		drop.PastEOF++
	}
}

// repeatedSyn answers a SYN again whose answer may be lost. Another SYN than the one that began this connection is not
// for it: a forged one does no harm.
func (c *Conn) repeatedSyn(p *wire.Packet, now instant) {
	c.stats.Dropped.Duplicate++
	if c.accepted && c.state == connected && p.ConnID == c.sendID && p.Seq == c.peerSyn {
		c.acks.due = min(c.acks.due, now)
	}
}
