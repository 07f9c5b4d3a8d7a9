package ldpc

import (
	"fmt"
	"slices"

	"github.com/flute-node/flute-node/fec"
)

// solver finds out from ESIs whether the symbols of a block suffice, and in which order the lost ones follow from them. Symbols
// are numbered by ESI, parity checks by row.
//
// Peeling: a row with one unknown symbol gives it. When there is none, symbols of a row are set aside, as if they were known,
// until only one is left (inactivation). Every symbol that was given is then a sum of known symbols and of some of those set
// aside; rows that gave none are equations for them, which Gaussian elimination solves.
type solver struct {
	m *matrix

	repairs  int                 // received, without those that came twice
	state    []state             // of each symbol
	weight   []uint32            // unknown symbols of each row
	used     []bool              // rows that gave a symbol
	ready    []uint32            // rows of weight 1, and some that were
	buckets  [maxWeight][]uint32 // rows by weight, and some that had it
	filed    bool                // buckets are in use
	pivots   []pivot             // in the order in which they follow
	aside    []uint32
	asideAt  []uint32 // by symbol: its place in aside
	pivotAt  []uint32 // by symbol: its place in pivots
	combined []uint64 // of each pivot: which of those set aside are in it, words of them
	words    int
	dense    []denseRow
}

// state is what is known of a symbol.
type state uint8

const (
	unknown state = iota
	known
	given    // by a pivot
	setAside // an unknown of the dense system
)

// pivot says that row gives symbol.
type pivot struct{ row, symbol uint32 }

// maxWeight is one more than the weight up to which rows are told apart.
const maxWeight = 64

// maxAside bounds the symbols set aside: the dense system grows with their square. With N1 = 7 and no more symbols than are
// needed some 9 % of the source symbols are; a block of 50,000 that needs more than this waits for more symbols.
func maxAside(p params) int { return min(p.repairs(), 512+p.repairs()/4, 4096) }

// solverBytes bounds what a solver allocates for p.
func solverBytes(p params) uint64 {
	n, rows, u := uint64(p.n), uint64(p.repairs()), uint64(maxAside(p))
	words := (u + 63) / 64
	entries := uint64(p.n1)*uint64(p.k) + uint64(rightEntries(p)) + 3*rows
	return 16*n + 64*rows + 16*entries + 8*words*(rows+4*u) + 192*u + 1<<13
}

// solve starts afresh. missing is how many symbols more are needed at least; 0: the lost ones follow, as pivots and dense say.
func (s *solver) solve(lost, repair []fec.ESI) (missing int, err error) {
	s.reset(lost, repair)
	for {
		s.peel()
		if done, err := s.inactivate(); err != nil {
			return 0, err
		} else if done {
			break
		}
	}
	if len(s.aside) == 0 {
		return 0, nil
	}
	s.combine()
	return len(s.aside) - s.eliminate(), nil
}

// reset counts the unknown symbols.
func (s *solver) reset(lost, repair []fec.ESI) {
	p := s.m.params
	rows := p.repairs()
	s.state = resize(s.state, p.n)
	for i := range s.state {
		s.state[i] = known
		if i >= p.k {
			s.state[i] = unknown
		}
	}
	for _, esi := range lost {
		s.state[esi] = unknown
	}
	s.repairs = 0
	for _, esi := range repair {
		if s.state[esi] == unknown { // else it came twice
			s.state[esi] = known
			s.repairs++
		}
	}
	s.weight, s.used = resize(s.weight, rows), resize(s.used, rows)
	clear(s.used)
	clear(s.weight)
	for c, st := range s.state {
		if st == unknown {
			s.each(uint32(c), func(row uint32) { s.weight[row]++ })
		}
	}
	s.ready, s.pivots, s.aside, s.dense = s.ready[:0], s.pivots[:0], s.aside[:0], s.dense[:0]
	s.asideAt, s.pivotAt = resize(s.asideAt, p.n), resize(s.pivotAt, p.n)
	for row, w := range s.weight {
		if w == 1 {
			s.ready = append(s.ready, uint32(row))
		}
	}
	for w := range s.buckets {
		s.buckets[w] = s.buckets[w][:0]
	}
	s.filed = false
}

func resize[T any](b []T, n int) []T { return slices.Grow(b[:0], n)[:n] }

// each calls f for the rows of a symbol.
func (s *solver) each(symbol uint32, f func(row uint32)) {
	for _, row := range s.m.byColumn.of(int(symbol)) {
		f(row)
	}
	if k := uint32(s.m.k); symbol >= k {
		f(symbol - k)
	}
}

// symbols calls f for the symbols of a row.
func (s *solver) symbols(row uint32, f func(symbol uint32)) {
	k := uint32(s.m.k)
	for _, c := range s.m.sources.of(int(row)) {
		f(c)
	}
	for _, c := range s.m.repairCols.of(int(row)) {
		f(k + c)
	}
	f(k + row)
}

// peel takes rows of weight 1 until there is none.
func (s *solver) peel() {
	for len(s.ready) > 0 {
		row := s.ready[len(s.ready)-1]
		s.ready = s.ready[:len(s.ready)-1]
		if s.weight[row] != 1 || s.used[row] {
			continue
		}
		symbol := s.unknownOf(row)
		s.used[row] = true
		s.pivotAt[symbol] = uint32(len(s.pivots))
		s.pivots = append(s.pivots, pivot{row, symbol})
		s.settle(symbol, given)
	}
}

// unknownOf returns an unknown symbol of a row.
func (s *solver) unknownOf(row uint32) (found uint32) {
	s.symbols(row, func(c uint32) {
		if s.state[c] == unknown {
			found = c
		}
	})
	return found
}

// settle takes a symbol out of the unknown ones.
func (s *solver) settle(symbol uint32, to state) {
	s.state[symbol] = to
	s.each(symbol, func(row uint32) {
		s.weight[row]--
		switch {
		case s.used[row]:
		case s.weight[row] == 1:
			s.ready = append(s.ready, row)
		case s.filed:
			s.file(row)
		}
	})
}

// file puts a row under its weight; where it was before, it is passed over.
func (s *solver) file(row uint32) {
	if w := int(s.weight[row]); w >= 2 {
		w = min(w, len(s.buckets)-1)
		s.buckets[w] = append(s.buckets[w], row)
	}
}

// inactivate sets symbols of the lightest row aside, so that it gives the last one. done: all symbols are settled that any
// row has; those that none has are repair symbols nobody asks for, or lost.
func (s *solver) inactivate() (done bool, err error) {
	if !s.filed {
		s.filed = true
		for row := range s.weight {
			if !s.used[row] {
				s.file(uint32(row))
			}
		}
	}
	for w := 2; w < len(s.buckets); w++ {
		for len(s.buckets[w]) > 0 {
			last := len(s.buckets[w]) - 1
			row := s.buckets[w][last]
			s.buckets[w] = s.buckets[w][:last]
			if s.used[row] || min(int(s.weight[row]), len(s.buckets)-1) != w {
				continue
			}
			return false, s.lighten(row)
		}
	}
	return true, nil
}

// lighten sets all unknown symbols of a row aside but the one that is in the fewest rows.
func (s *solver) lighten(row uint32) error {
	var keep uint32
	fewest := int(^uint(0) >> 1)
	s.symbols(row, func(c uint32) {
		if s.state[c] != unknown {
			return
		}
		if n := len(s.m.byColumn.of(int(c))); n < fewest {
			keep, fewest = c, n
		}
	})
	var err error
	s.symbols(row, func(c uint32) {
		if s.state[c] != unknown || c == keep || err != nil {
			return
		}
		if len(s.aside) == maxAside(s.m.params) {
			err = fmt.Errorf("ldpc: more than %d symbols hang together: %w", len(s.aside), fec.ErrMoreSymbols)
			return
		}
		s.asideAt[c] = uint32(len(s.aside))
		s.aside = append(s.aside, c)
		s.settle(c, setAside)
	})
	return err
}
