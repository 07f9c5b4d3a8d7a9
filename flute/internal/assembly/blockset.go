package assembly

import (
	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/store"
)

// A blockSet holds SBNs in pages of setPage bits, so that one large SBN costs little more than a small one: a page, and
// its place in a map that is half full.
const (
	setPage     = 256
	setPageCost = 2 * (setPage/8 + 8)
)

// blockSet is the set of the complete source blocks of an object. The zero value is ready to use.
type blockSet struct {
	next  fec.SBN // all below it are members
	count uint32  // members
	pages map[fec.SBN][setPage / 64]uint64
}

func (s *blockSet) has(sbn fec.SBN) bool {
	if sbn < s.next {
		return true
	}
	if len(s.pages) == 0 {
		return false
	}
	p := s.pages[sbn/setPage]
	return p[sbn%setPage/64]&(1<<(sbn%64)) != 0
}

// prepare makes room for add(sbn); false when the budget has none.
func (s *blockSet) prepare(budget *store.Budget, sbn fec.SBN) bool {
	if sbn == s.next { // next stays where it is until that block is complete
		return true
	}
	if _, ok := s.pages[sbn/setPage]; ok {
		return true
	}
	if !budget.TryReserve(setPageCost) {
		return false
	}
	if s.pages == nil {
		s.pages = map[fec.SBN][setPage / 64]uint64{}
	}
	s.pages[sbn/setPage] = [setPage / 64]uint64{}
	return true
}

// add makes sbn a member, after prepare.
func (s *blockSet) add(budget *store.Budget, sbn fec.SBN) {
	if s.has(sbn) {
		return
	}
	s.count++
	if p, ok := s.pages[sbn/setPage]; ok {
		p[sbn%setPage/64] |= 1 << (sbn % 64)
		s.pages[sbn/setPage] = p
	}
	if sbn != s.next {
		return
	}
	for s.next++; ; s.next++ {
		if s.next%setPage == 0 {
			s.forget(budget, s.next/setPage-1)
		}
		if p, ok := s.pages[s.next/setPage]; !ok || p[s.next%setPage/64]&(1<<(s.next%64)) == 0 {
			return
		}
	}
}

func (s *blockSet) forget(budget *store.Budget, page fec.SBN) {
	if _, ok := s.pages[page]; ok {
		budget.Release(setPageCost)
		delete(s.pages, page)
	}
}

// release frees all pages; the set is not used any more.
func (s *blockSet) release(budget *store.Budget) {
	for page := range s.pages {
		s.forget(budget, page)
	}
}
