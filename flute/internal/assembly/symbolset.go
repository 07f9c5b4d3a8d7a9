package assembly

import (
	"slices"

	"github.com/flute-node/flute-node/store"
)

// bookkeeping is how many bytes of a bitmap one byte of symbols pays for: a packet with a few bytes of a source block
// that is said to have a million symbols must not cost a bitmap of that size.
const bookkeeping = 8

// symbolSet is the set of the source symbols held of a source block: a list of ESIs, until what was received is worth a
// bitmap. Symbols of ordinary length are from the first one on.
type symbolSet struct {
	list []uint32 // in ascending order; empty once there is a bitmap
	bits bitmap   // of no length while the list is in use
	cost uint64   // charged
}

func (s *symbolSet) has(i uint32) bool {
	if len(s.bits) > 0 {
		return s.bits.has(i)
	}
	_, found := slices.BinarySearch(s.list, i)
	return found
}

// prepare makes room for one more than n symbols of length bytes, of k; false when the budget has none.
func (s *symbolSet) prepare(budget *store.Budget, k, n uint32, length uint16) bool {
	if len(s.bits) > 0 {
		return true
	}
	if uint64(words(k))*8 <= bookkeeping*(uint64(n)+1)*uint64(length) {
		return s.widen(budget, k)
	}
	if len(s.list) < cap(s.list) {
		return true
	}
	size := max(4, 2*cap(s.list))
	more := uint64(size-cap(s.list)) * 4
	if !budget.TryReserve(more) {
		return false
	}
	s.cost += more
	s.list = append(make([]uint32, 0, size), s.list...)
	return true
}

// widen makes the set a bitmap for k symbols; false when the budget has no room for it.
func (s *symbolSet) widen(budget *store.Budget, k uint32) bool {
	if len(s.bits) > 0 {
		return true
	}
	cost := uint64(words(k)) * 8
	if !budget.TryReserve(cost) {
		return false
	}
	if cap(s.bits) >= words(k) {
		s.bits = s.bits[:words(k)]
	} else {
		s.bits = make(bitmap, words(k))
	}
	for _, i := range s.list {
		s.bits.set(i)
	}
	budget.Release(s.cost)
	s.list, s.cost = nil, cost
	return true
}

// set adds i, after prepare or widen.
func (s *symbolSet) set(i uint32) {
	if len(s.bits) > 0 {
		s.bits.set(i)
		return
	}
	at, found := slices.BinarySearch(s.list, i)
	if !found {
		s.list = slices.Insert(s.list, at, i)
	}
}

// reset empties the set, whose cost the caller gives back. The memory of a bitmap is kept for the next source block.
func (s *symbolSet) reset() {
	clear(s.bits)
	*s = symbolSet{bits: s.bits[:0]}
}
