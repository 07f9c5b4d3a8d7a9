package receiver

import (
	"time"

	"github.com/flute-node/flute-node/fec"
)

// Most packets of a read bring the source symbol behind that of the packet before, with the same header. All but the
// copy of its bytes is done once for a row of them.

// HandleAlike takes packets that came with the one that Handle has just taken, and right behind it: as many as bring a
// row of source symbols of one source block, with one header. It returns how many, and does for them what Handle would,
// but tells ObjectProgress once for all. If it panics, none of them is counted.
func (o *Object) HandleAlike(now time.Time, packets []Packet) (n int) {
	e, l := o.e, o.l
	if len(packets) == 0 || !packets[0].alike || now != l.now || e.gone || e.phase != receiving || e.held == nil ||
		!e.held.agrees(&packets[0].alc) {
		return 0
	}
	h := e.held
	o.taking = true
	var first fec.PayloadID
	for n < len(packets) && packets[n].alike && packets[n].entry == e {
		payload := packets[n].alc.Body
		id, ok := h.IsPlain(payload)
		if !ok || n > 0 && id.ESI != first.ESI+fec.ESI(n) || !h.TakePlain(id, payload) {
			break
		}
		if n == 0 {
			first = id
		}
		n++
	}
	o.taking = false
	if n == 0 {
		return 0
	}
	l.observe(now, e, &packets[0].alc, packets[0].origin.Feed)
	if n > 1 {
		first.ESI++
		l.observeRow(e, first, uint32(n-1))
	}
	o.advance(now)
	l.counters.Received += uint64(n)
	l.counters.Accepted += uint64(n)
	e.effects.Events = l.opening(e.effects.Events)
	o.flagged(now, false)
	return n
}

// observeRow is observe for n packets that came with one that was observed, each of one symbol: first and those of the
// next ESIs. The session has one feed.
func (l *Ledger) observeRow(e *entry, first fec.PayloadID, n uint32) {
	oti := &e.held.OTI
	l.arrivals.count += int64(n)
	l.arrivals.symbols += uint64(n)
	s := l.watchedTogether()
	if s == nil || oti.GroupSize > 1 {
		return
	}
	s.packets += uint64(n)
	q := s.of(e.toi, first.SBN, oti)
	q.at = s.packets
	s.takeRow(q, uint32(first.ESI), n)
}

// takeRow is take for n source symbols in a row.
func (s *sequences) takeRow(q *sequence, esi, n uint32) {
	if q.got == 0 || esi != q.next {
		for i := range n {
			s.take(q, esi+i)
		}
		return
	}
	s.due += uint64(n)
	q.window = q.window<<n | (1<<n - 1) // a shift by all of its bits leaves none
	q.next += n
	q.got += n
}
