package receiver

import (
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
)

// LCT has no sequence numbers. What a network has lost shows in the ESIs of a source block, which senders count up from
// 0, also where they interleave source blocks or files: a gap is a loss.

const (
	// sequenceCount bounds the source blocks of a session that are watched at the same time: several times what senders
	// interleave. It must be a power of two.
	sequenceCount = 128
	// sequenceWindow is how many symbols back one may be overtaken and still be no loss.
	sequenceWindow = 64
	// maxGap bounds what is taken for a gap: one packet with a far ESI, forged perhaps, shall not spoil the estimate.
	maxGap = 1 << 14
	// sequenceEnd is after how many packets of a session without one of a source block its transfer has ended.
	sequenceEnd = 4 * sequenceWindow
	// leastRow is how many source blocks must follow each other until one that is left out is taken for lost.
	leastRow = 2
	// leastBegun is how many symbols a source block must have until the next one is not interleaved with it.
	leastBegun = 8
	// leastSample is how many symbols must be due in a second whose loss is told.
	leastSample = 100
	// disorderShare is the part of the packets, one of disorderShare, that may be far out of order until it is assumed
	// that the sender shuffles them.
	disorderShare = 16
	// sequenceBytes is what the table of one feed takes of the memory of the session.
	sequenceBytes = sequenceCount * 88
)

// sequences are those of a session, or of one of its feeds, and what they have shown.
type sequences struct {
	table     *[sequenceCount]sequence // nil before the first packet; charged as sequenceBytes
	packets   uint64
	disorders uint64 // packets far out of order
	due, lost uint64

	blocks  uint64 // whose margin was counted
	came    uint64 // sum over these
	surplus int64  // likewise
	least   int64

	latest  *sequence // of the source block that was begun last; nil: none
	inRow   int       // source blocks of its object that were begun one after the other
	skipped skipped

	second second
}

// skipped are source blocks that were taken for lost with all of their symbols.
type skipped struct {
	toi      flute.TOI
	from, to fec.SBN // to is not one of them
	symbols  uint64  // of each
}

// second is the loss by seconds.
type second struct {
	begin         time.Time // of the one that goes on
	due, lost     uint64    // at its beginning
	latest, worst float64
	worstAt       time.Time
}

// observe takes note of a packet of e, which came on a feed and whose symbols are in order.
func (l *Ledger) observe(now time.Time, e *entry, p *alc.Packet, feed uint8) {
	if l.watch(now, e, p, feed) && now != e.heard {
		l.hearObject(now, e)
	}
}

// watch is observe for a packet that may not be of e. It reports whether it is one with symbols.
func (l *Ledger) watch(now time.Time, e *entry, p *alc.Packet, feed uint8) bool {
	var oti *fec.OTI
	switch {
	case e.toi.IsFDT() || len(p.Body) == 0:
		return false
	case l.cfg.ROUTE: // its packets have no numbers that tell what is lost
		return true
	case e.held != nil:
		oti = &e.held.OTI
	case e.file != nil && e.file.HasOTI && p.Codepoint == uint8(e.file.OTI.EncodingID):
		oti = &e.file.OTI
	default:
		return false
	}
	if oti.SymbolLength == 0 {
		return false
	}
	id, n, err := oti.ParsePayloadID(p.Body)
	if err != nil {
		return false
	}
	count := uint32(1)
	if rest := len(p.Body) - n; rest > int(oti.SymbolLength) {
		count = uint32(rest+int(oti.SymbolLength)-1) / uint32(oti.SymbolLength)
	} else if rest == 0 {
		count = 0
	}
	s, a := l.watched(feed)
	if a == nil {
		return true
	}
	sameRead := a.take(now)
	a.symbols += uint64(count)
	if s == nil || oti.GroupSize > 1 || count == 0 {
		return true // the ESIs of a packet of a group need not be consecutive
	}
	s.packets++
	q := s.of(e.toi, id.SBN, oti)
	if q == nil {
		return true
	}
	q.at = s.packets
	for i := range count {
		s.take(q, uint32(id.ESI)+i)
	}
	if !sameRead {
		s.second.turn(now, s) // what the packet shows to be lost was to come before it
	}
	return true
}

// of returns the sequence of a source block, begun if there is none; nil: there is no such block. Another one may have
// to end for it.
func (s *sequences) of(toi flute.TOI, sbn fec.SBN, oti *fec.OTI) *sequence {
	if s.table == nil {
		s.table = new([sequenceCount]sequence)
	}
	low, _ := toi.Uint64()
	hash := (low*0x9e3779b97f4a7c15 + uint64(sbn)*0xbf58476d1ce4e5b9) >> 32
	q := &s.table[hash%sequenceCount]
	if q.used && q.toi == toi && q.sbn == sbn {
		return q
	}
	part := oti.Partition()
	k := part.BlockSymbols(sbn)
	if k == 0 {
		return nil
	}
	s.end(q)
	before := sequence{}
	if s.latest != nil {
		before = *s.latest
	}
	*q = sequence{used: true, toi: toi, sbn: sbn, k: k}
	s.follow(&before, q, uint64(part.Small))
	s.latest = q
	return q
}

// follow takes note that the source block of q was begun after that of before. Where blocks were begun one after the
// other, those that are left out are lost with all of their source symbols, unless they come after all.
func (s *sequences) follow(before, q *sequence, symbols uint64) {
	m := &s.skipped
	switch {
	case q.toi == m.toi && q.sbn >= m.from && q.sbn < m.to: // one that is interleaved with others
		s.due -= uint64(m.to-m.from) * m.symbols
		s.lost -= uint64(m.to-m.from) * m.symbols
		*m = skipped{}
	case !before.used || q.toi != before.toi || q.sbn <= before.sbn:
		s.inRow = 0
	case q.sbn == before.sbn+1:
		s.inRow++
	case s.inRow >= leastRow && before.next > min(before.k/2, leastBegun) &&
		uint64(q.sbn-before.sbn-1)*symbols <= maxGap:
		*m = skipped{toi: q.toi, from: before.sbn + 1, to: q.sbn, symbols: symbols}
		s.due += uint64(m.to-m.from) * m.symbols
		s.lost += uint64(m.to-m.from) * m.symbols
	default:
		s.inRow = 0
	}
}

// endOld counts the margins of transfers that nothing has come of for long.
func (s *sequences) endOld() {
	if s.table == nil {
		return
	}
	for i := range s.table {
		if q := &s.table[i]; s.packets-q.at >= sequenceEnd {
			s.end(q)
		}
	}
}

// isShuffled reports whether the sender does not count ESIs up, so that gaps tell nothing.
func (s *sequences) isShuffled() bool { return s.disorders*disorderShare > s.packets }

// turn ends the second if it is over.
func (w *second) turn(now time.Time, s *sequences) {
	if now.Sub(w.begin) < time.Second {
		return
	}
	if due := s.due - w.due; due >= leastSample && s.lost >= w.lost {
		w.latest = float64(s.lost-w.lost) / float64(due)
		if w.latest > w.worst {
			w.worst, w.worstAt = w.latest, w.begin
		}
	}
	w.begin, w.due, w.lost = now, s.due, s.lost
}
