package core

import (
	"time"

	"github.com/flute-node/flute-node/utp/wire"
)

const (
	// lossThreshold is how many later packets arrive before one is taken for lost, as long as nothing was reordered.
	lossThreshold = 3
	// probeSlack keeps a tail-loss probe behind an acknowledgement that the peer delays.
	probeSlack = 2 * defaultAckDelay
	// latenessDecay is for how long reordering is remembered.
	latenessDecay = 30 * time.Second
)

// lossDetector finds out which packets were lost, mostly by time (RFC 8985): a packet is lost if one that was sent
// after it, by more than the path reorders, has arrived. As long as the path has reordered nothing three later packets
// suffice.
type lossDetector struct {
	newest   instant // when the last sent of those that arrived was sent
	took     instant // and its round-trip time
	lateness instant // how much later than a packet sent after it one has come
	lateAt   instant // when that was
	top      arrivedTop
	before   arrivedTop // top before the acknowledgement that is being taken
	due      instant    // when the next packet is lost unless it arrives
	probe    instant    // of the tail
	probed   bool       // since the last acknowledgement
	timeout  instant
}

func newLossDetector() lossDetector {
	return lossDetector{newest: -1, due: never, probe: never, timeout: never}
}

// delivered notes a packet that arrived, for the packets sent before it.
func (l *lossDetector) delivered(p *packet, took instant) {
	if p.sent >= l.newest {
		l.newest, l.took = p.sent, took
	}
}

// arrivedTop is the packet with the highest number, of those that were sent once, that has arrived.
type arrivedTop struct {
	known bool
	seq   wire.Seq
	took  instant
}

// inOrder notes a packet, sent once, that arrived. If a later one was known to have arrived before, the path has
// reordered them. What one acknowledgement tells at once proves nothing.
func (l *lossDetector) inOrder(seq wire.Seq, took, now instant) {
	if b := l.before; b.known && seq.Less(b.seq) && took > b.took {
		l.lateness, l.lateAt = max(l.lateness, took-b.took), now
	}
	if !l.top.known || l.top.seq.Less(seq) {
		l.top = arrivedTop{true, seq, took}
	}
}

// window returns for how long a packet may be overtaken.
func (l *lossDetector) window(r *rtt, now instant) instant {
	if l.lateness > 0 && now-l.lateAt > latenessDecay {
		l.lateness = 0
	}
	return min(max(l.lateness+l.lateness/4, r.least/4, time.Millisecond), max(r.smoothed, time.Millisecond))
}

// detectLosses marks lost packets, and returns how many bytes these are, and when the last sent of them was sent.
// Probes of the path's largest packet do not count.
func (c *Conn) detectLosses(now instant) (bytes int, newest instant) {
	l, f := &c.loss, &c.flight
	l.due = never
	newest = -1
	if c.repeats == lossThreshold {
		// The peer tells no more than that something came, three times: BEP 29 takes the packet after ack_nr for lost.
		if p := f.at(0); p.sends == 1 && !p.lost {
			f.lose(0)
			c.stats.Lost++
			if !c.mtu.lost(p) {
				bytes, newest = p.weight(), p.sent
			}
		}
	}
	if f.n == f.sacked+f.lost || f.sacked+f.resent == 0 {
		return bytes, newest // all was sent, and arrives, in order
	}
	window := l.window(&c.rtt, now)
	above := f.sacked
	for i := range f.n {
		p := f.at(i)
		if p.sacked {
			above--
			continue
		}
		if p.lost || p.sent > l.newest {
			continue
		}
		byCount := l.lateness == 0 && above >= lossThreshold && p.sends == 1
		if lostAt := p.sent + l.took + window; !byCount && lostAt > now {
			l.due = min(l.due, lostAt)
			continue
		}
		f.lose(i)
		c.stats.Lost++
		if c.mtu.lost(p) {
			continue
		}
		bytes += p.weight()
		newest = max(newest, p.sent)
	}
	return bytes, newest
}

// armTimers sets the timers of retransmission anew, after packets were sent or acknowledged.
func (c *Conn) armTimers(now instant) {
	l := &c.loss
	l.probe, l.timeout = never, never
	if c.flight.n == c.flight.sacked {
		return
	}
	l.timeout = now + c.rtt.timeout()
	if c.flight.bytes > 0 && !l.probed && c.rtt.least > 0 && c.rtt.backoff == 0 {
		// The probe comes first: what it tells is worth more than a timeout.
		l.probe = now + c.rtt.smoothed + max(4*c.rtt.variation, c.rtt.smoothed/4, probeSlack)
		l.timeout = max(l.timeout, l.probe+c.rtt.smoothed+probeSlack)
	}
}

// probeTail is due when acknowledgements have stayed away for more than a round trip: the last packets may be lost, or
// what told of them. One packet, sent now, makes the peer tell.
func (c *Conn) probeTail(now instant) {
	c.loss.probe, c.loss.probed = never, true
	c.sendExtra = true
	c.stats.TailProbes++
	c.loss.timeout = now + c.rtt.timeout()
}

// timeOut is due when nothing was acknowledged for a retransmission timeout.
func (c *Conn) timeOut(now instant) {
	f := &c.flight
	c.rtt.backoff++
	if c.timeouts++; c.timeouts > c.cfg.MaxTimeouts {
		c.giveUp(now)
		return
	}
	c.stats.Timeouts++
	lost, newest := 0, instant(-1)
	for i := range f.n {
		p := f.at(i)
		if p.sacked || p.lost {
			continue
		}
		f.lose(i)
		c.stats.Lost++
		if !c.mtu.lost(p) {
			lost++
			newest = max(newest, p.sent)
		}
	}
	// Where nothing but a probe of the path's largest packet was lost, there is no congestion. A full window of the
	// peer's is none either.
	if newest >= 0 && c.peerWindow > 0 {
		c.cutAt, c.unproven = now, lost
		c.control.timeout(now)
	}
	c.loss.probe, c.sendExtra = never, true
	c.loss.timeout = now + c.rtt.timeout()
}
