package receiver

import (
	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

// sequence watches the symbols of one source block during one transfer of it.
type sequence struct {
	toi    flute.TOI
	sbn    fec.SBN
	used   bool
	whole  bool   // its beginning was seen
	ended  bool   // its margin was counted
	k      uint32 // source symbols
	begin  uint32 // the first ESI that came
	repair uint32 // the first one of a repair symbol that came
	next   uint32 // the one after the highest that came
	window uint64 // bit i: ESI next-1-i came, or nobody knows
	got    uint32 // symbols that came
	at     uint64 // number of the latest packet, see sequences.packets
}

// take takes note of one symbol.
func (s *sequences) take(q *sequence, esi uint32) {
	switch back := int64(q.next) - int64(esi); {
	case q.got == 0:
		s.restart(q, esi)
	case back <= 0:
		s.skip(q, esi)
	case back <= sequenceWindow && q.window&(1<<(back-1)) == 0:
		q.window |= 1 << (back - 1) // it was overtaken
		q.got++
		if esi > q.begin && (esi < q.k || esi >= q.repair) && s.lost > 0 {
			s.lost--
		}
	case back == 1: // the network, or the sender, has doubled it
	default:
		if esi > sequenceWindow && esi != q.k {
			s.disorders++
		}
		s.end(q)
		s.restart(q, esi)
	}
}

// restart begins a transfer of the block at esi.
func (s *sequences) restart(q *sequence, esi uint32) {
	q.whole, q.ended = esi < min(sequenceWindow, q.k), false
	q.begin, q.repair, q.next, q.got, q.window = esi, esi, esi+1, 1, ^uint64(0)
	if esi < sequenceWindow { // those before may still come
		q.window = 1
	}
}

// skip takes a symbol at or beyond next. Each transfer may have repair symbols of its own, so that nobody knows with
// which ESI they begin.
func (s *sequences) skip(q *sequence, esi uint32) {
	gap, crosses := esi-q.next, q.next <= q.k && esi >= q.k
	if crosses {
		gap, q.repair = q.k-q.next, esi
	}
	if gap > maxGap {
		s.end(q)
		s.restart(q, esi)
		return
	}
	s.due += uint64(gap) + 1
	s.lost += uint64(gap)
	q.window = q.window<<min(esi-q.next+1, sequenceWindow) | 1 // a shift by all of its bits leaves none
	q.next = esi + 1
	q.got++
}

// end counts the margin of a transfer that has ended, once.
func (s *sequences) end(q *sequence) {
	if q.got == 0 || q.ended || !q.whole {
		return
	}
	q.ended = true
	margin := int64(q.got) - int64(q.k)
	if s.blocks == 0 || margin < s.least {
		s.least = margin
	}
	s.blocks++
	s.surplus += margin
	s.came += uint64(q.got)
}
