package core

import "github.com/flute-node/flute-node/utp/wire"

const (
	// maxSACK is the longest mask that is sent, in bytes: it tells about 1024 packets, as many as peers have in flight.
	maxSACK = 128
	// ackEvery is how many packets share an acknowledgement (RFC 6817, section 2.4.2, wants several samples of the
	// delay in a round trip).
	ackEvery = 2
	// maxAckAge is how far an acknowledgement may lie behind: reordering within the packets that peers have in flight.
	maxAckAge = 1024
)

// acks is when the next acknowledgement is due.
type acks struct {
	due     instant // never: nothing to acknowledge
	waiting int     // packets that were received since the last one
	told    int     // window of the last packet that was sent
}

// owe notes a packet that is to be acknowledged, at once or together with another.
func (a *acks) owe(now instant, delay instant, atOnce bool) {
	a.waiting++
	if atOnce || a.waiting >= ackEvery {
		a.due = min(a.due, now)
		return
	}
	a.due = min(a.due, now+delay)
}

// sent notes that a packet went out, which acknowledges all that was received.
func (a *acks) sent(window int) {
	a.due, a.waiting, a.told = never, 0, window
}

// opened tells whether a window, after reading, is worth a packet of its own: the peer may wait for it. One that grows
// from nothing, or by half of the buffer, is (RFC 9293, section 3.8.6.2.2).
func (a *acks) opened(window, limit, packet int) bool {
	enough := min(limit/2, packet)
	return window >= enough && (a.told < enough || window-a.told >= limit/2)
}

// acknowledged is what the ack_nr and the mask of a packet tell about the packets in flight.
type acknowledged struct {
	packets int
	bytes   int     // payload
	newest  instant // when the last sent of them was sent; zero: none
	rtt     instant // of the newest that was sent once; zero: none
	minRTT  instant // of those that were sent once; zero: none
	early   int     // packets that were given up as lost, or sent again a moment ago, and had arrived
}

// validAck reports whether everything that p acknowledges was sent. A peer that acknowledges more lies, to be sent
// more (Adamsky et al., WOOT '15), or is somebody else.
func (c *Conn) validAck(p *wire.Packet) bool {
	d := p.Ack.Sub(c.flight.first - 1)
	if d > c.flight.n || d < -maxAckAge {
		return false
	}
	for i := p.SACK.Len() - 1; i >= 0 && d+2+i > c.flight.n; i-- {
		if p.SACK.Has(i) {
			return false
		}
	}
	return true
}

// acknowledge takes ack_nr and the mask of a packet, which are valid.
func (c *Conn) acknowledge(p *wire.Packet, now instant) acknowledged {
	var a acknowledged
	f := &c.flight
	c.loss.before = c.loss.top
	d := p.Ack.Sub(f.first - 1)
	for i := range p.SACK.Len() {
		if j := d + 1 + i; p.SACK.Has(i) && j >= 0 {
			if q := f.at(j); !q.sacked {
				c.acked(&a, q, f.first+wire.Seq(j), now)
				f.sack(q)
			}
		}
	}
	freed := 0
	for range d {
		q := f.at(0)
		if !q.sacked {
			c.acked(&a, q, f.first, now)
		}
		if q.fin {
			c.finAcked = true
		}
		freed += q.size
		f.pop()
	}
	if freed > 0 {
		c.outbox.discard(freed)
		c.base += uint64(freed)
	}
	return a
}

// acked notes that packet seq has arrived.
func (c *Conn) acked(a *acknowledged, p *packet, seq wire.Seq, now instant) {
	a.packets++
	a.bytes += p.weight()
	c.mtu.arrived(p)
	took := max(now-p.sent, 1)
	switch {
	case p.lost, p.sends > 1 && c.rtt.tooSoon(took):
		a.early++
		c.stats.Spurious++
		return // the copy that arrived is an earlier one
	case p.sends == 1:
		// Karn's algorithm: of a packet that was sent again it is not known which copy arrived.
		if a.minRTT == 0 || took < a.minRTT {
			a.minRTT = took
		}
		c.loss.inOrder(seq, took, now)
	}
	if p.sent >= a.newest {
		a.newest = p.sent
		if p.sends == 1 {
			a.rtt = took
		}
	}
	c.loss.delivered(p, took)
}
