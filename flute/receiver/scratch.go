package receiver

import "github.com/flute-node/flute-node/store"

// scratchKept is the most that a session keeps for its next source block; larger ones are allocated each time.
const scratchKept = 1 << 20

// scratch is memory in which a session puts a source block together for FEC, one at a time.
type scratch struct {
	budget *store.Budget
	arena  []byte
	source [][]byte
}

// take returns size bytes, or false when the budget does not permit them.
func (s *scratch) take(size int) ([]byte, bool) {
	if size > cap(s.arena) {
		s.free()
		if !s.budget.TryReserve(uint64(size)) {
			return nil, false
		}
		s.arena = make([]byte, size)
	}
	return s.arena[:size], true
}

// done ends the use of what take returned.
func (s *scratch) done() {
	if cap(s.arena) > scratchKept {
		s.free()
	}
}

func (s *scratch) free() {
	s.budget.Release(uint64(cap(s.arena)))
	s.arena, s.source = nil, nil
}
