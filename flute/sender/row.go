package sender

import (
	"time"

	"github.com/flute-node/flute-node/fec"
)

// Most packets carry the next source symbol of the only file in transfer. AppendRow makes many of them, and checks once
// for all what AppendNext checks before each.

// AppendRow appends the packets that AppendNext would return next at now, one behind the other and all of one length:
// most at most, without growing b, and none that needs more than a copy of its symbol. n tells how many. ObjectProgress
// is told once for all. Call it after AppendNext has returned a packet at the same now, and AppendNext after it. With
// Config.FileSCT or Config.ERT it appends nothing: each packet has its own time.
func (s *Session) AppendRow(b []byte, now time.Time, most int) (row []byte, n int) {
	c := s.inRow(now)
	if c == nil {
		return b, 0
	}
	start := len(b)
	c.inside = true
	b, n = c.appendRow(b, most)
	c.inside = false
	if n == 0 {
		return b, 0
	}
	for range n {
		s.plan.filePacket((len(b) - start) / n)
	}
	s.stats.progress(c, s.clock.now)
	if c.left == openLead {
		s.schedule.changed = true
	}
	return b, n
}

// inRow returns the file in transfer whose packets alone come next; nil: AppendNext has to look.
func (s *Session) inRow(now time.Time) *carrier {
	files, t := &s.schedule, s.clock.now
	switch {
	case s.closed, s.paused, now != s.clock.given, s.cfg.FileSCT, s.cfg.ERT:
		return nil
	case s.plan.sending.page != nil, files.isDue(t), s.isDue(t):
		return nil
	}
	active, parked := files.inTransfer()
	q := files.next()
	if active != 1 || parked != 0 || q == nil || len(q.active) != 1 {
		return nil
	}
	c := q.active[0]
	if c.inside || c.began.IsZero() || c.waiting != nil || c.target.isSet() || c.object.late.isComputed() {
		return nil
	}
	return c
}

// appendRow appends up to most packets of the source block in transfer, if that is the only one, without growing b.
// What they bring is in memory.
func (x *transfer) appendRow(b []byte, most int) ([]byte, int) {
	c, s := x.coding, &x.slots[0]
	if x.interleave != 1 || x.active != 1 || s.stale || s.packet == 0 || s.group.g != 1 {
		return b, 0
	}
	length := uint64(c.oti.SymbolLength)
	off, held := uint64(s.packet)*length, s.heldOff+uint64(len(s.held))
	if s.packet >= s.group.sources || off < s.heldOff || off >= held {
		return b, 0
	}
	size := x.headers.rest.Len() + c.oti.PayloadIDLen() + int(length)
	most = max(min(most, (cap(b)-len(b))/size), 0)
	n := min(uint64(most), uint64(s.group.sources-s.packet), (held-off)/length, x.untouched())
	for range n {
		esi := fec.ESI(s.packet)
		b = x.headers.rest.Append(b, false)
		b = c.oti.AppendPayloadID(b, fec.PayloadID{SBN: s.sbn, ESI: esi, SourceBlockLength: uint16(s.group.k)})
		b = append(b, s.held[off-s.heldOff:][:length]...)
		bytes, _ := c.part.SymbolBytes(s.sbn, esi)
		x.source += uint64(bytes)
		off += length
		s.packet++
		x.left--
	}
	return b, int(n)
}

// untouched returns how many packets may follow until something but the packets has to be looked at: the last one may
// have the B flag, the last source blocks may have to wait for digests, and the next files are opened before the end.
func (x *transfer) untouched() uint64 {
	n := x.left - min(x.left, 1)
	if x.left > openLead {
		n = x.left - openLead
	}
	if x.late.holds() {
		n = min(n, x.left-min(x.left, x.lastPackets()))
	}
	return n
}
