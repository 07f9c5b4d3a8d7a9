package ldpc

import (
	"github.com/flute-node/flute-node/fec"
)

// solver finds out from ESIs whether the symbols of a block suffice, and in which order the lost ones follow from them.
// Symbols are numbered by ESI, parity checks by row.
//
// Peeling: a row with one unknown symbol gives it. When there is none, symbols of a row are set aside, as if they were
// known, until only one is left (inactivation). Every symbol that was given is then a sum of known symbols and of some
// of those set aside; rows that gave none are equations for them, which Gaussian elimination solves.
type solver struct {
	m *matrix

	state    []state  // of each symbol
	place    []uint32 // of each symbol given or set aside: where it is in pivots or aside
	rows     []row
	weights  [maxWeight + 1]uint32 // by weight: the first row of its list
	filed    bool                  // rows of weight 2 and more are in the lists
	ready    []uint32              // rows that got weight 1
	pivots   []pivot               // in the order in which they follow
	aside    []uint32
	combined []byte   // of each pivot: which of those set aside are in it, as a row of dense
	terms    []uint32 // of the row at hand
	places   []uint32
	dense    dense
}

// state is what is known of a symbol.
type state uint8

const (
	unknown state = iota
	known
	given    // by a pivot
	setAside // an unknown of the dense system
)

// row is a parity check.
type row struct {
	weight     uint32 // how many of its symbols are unknown
	sum        uint32 // of their ESIs, by exclusive or: the last one, when weight is 1
	next, prev uint32 // in the list of rows of this weight; none at the ends
	used       bool   // it gave a symbol
}

const rowBytes = 20 // of a row

// pivot says that row gives symbol.
type pivot struct{ row, symbol uint32 }

const (
	none      = ^uint32(0)
	maxWeight = 63 // rows of this weight and more are in one list
)

// solve starts afresh. missing is how many symbols more are needed at least; 0: the lost ones follow, as pivots and
// dense say. received is the number of distinct repair symbols.
func (s *solver) solve(lost, repair []fec.ESI) (missing, received int, err error) {
	received = s.reset(lost, repair)
	s.peel()
	for i := s.lightest(); i != none; i = s.lightest() {
		if err := s.lighten(i); err != nil {
			return 0, received, err
		}
		s.peel()
	}
	s.dense.reset(len(s.aside))
	if len(s.aside) == 0 {
		return 0, received, nil
	}
	s.combine()
	return len(s.aside) - s.eliminate(), received, nil
}

// reset counts the unknown symbols, and returns the number of distinct repair symbols.
func (s *solver) reset(lost, repair []fec.ESI) (received int) {
	p := s.m.params
	s.state, s.place, s.rows = resize(s.state, p.n), resize(s.place, p.n), resize(s.rows, p.repairs())
	s.ready, s.pivots, s.aside = resize(s.ready, p.repairs())[:0], resize(s.pivots, p.repairs())[:0], s.aside[:0]
	s.filed = false
	for i := range s.state[:p.k] {
		s.state[i] = known
	}
	clear(s.state[p.k:])
	for _, esi := range lost {
		s.state[esi] = unknown
	}
	for _, esi := range repair {
		if s.state[esi] == unknown { // else it came twice
			s.state[esi] = known
			received++
		}
	}
	for i := range s.rows {
		s.rows[i] = row{}
		if c := uint32(p.k + i); s.state[c] == unknown {
			s.rows[i] = row{weight: 1, sum: c}
		}
	}
	for _, esi := range lost {
		s.count(uint32(esi))
	}
	for c := p.k; c < p.n; c++ {
		if s.state[c] == unknown {
			s.count(uint32(c))
		}
	}
	for i := range s.rows {
		if s.rows[i].weight == 1 {
			s.ready = append(s.ready, uint32(i))
		}
	}
	return received
}

// count adds an unknown symbol to its rows, but for the one that reset knows.
func (s *solver) count(symbol uint32) {
	for _, i := range s.m.byColumn.of(int(symbol)) {
		s.rows[i].weight++
		s.rows[i].sum ^= symbol
	}
}

// peel takes rows of weight 1 until there is none.
func (s *solver) peel() {
	for len(s.ready) > 0 {
		i := s.ready[len(s.ready)-1]
		s.ready = s.ready[:len(s.ready)-1]
		r := &s.rows[i]
		if r.weight != 1 { // another row gave its symbol
			continue
		}
		symbol := r.sum
		r.used = true
		s.place[symbol] = uint32(len(s.pivots))
		s.pivots = append(s.pivots, pivot{i, symbol})
		s.settle(symbol, given)
	}
}

// settle takes a symbol out of the unknown ones.
func (s *solver) settle(symbol uint32, to state) {
	s.state[symbol] = to
	for _, i := range s.m.byColumn.of(int(symbol)) {
		s.lessen(i, symbol)
	}
	if k := uint32(s.m.k); symbol >= k {
		s.lessen(symbol-k, symbol)
	}
}

// lessen takes an unknown symbol out of a row.
func (s *solver) lessen(i, symbol uint32) {
	r := &s.rows[i]
	before := min(r.weight, maxWeight)
	r.weight--
	r.sum ^= symbol
	if r.weight == 1 {
		s.ready = append(s.ready, i)
	}
	if after := min(r.weight, maxWeight); s.filed && before != after {
		s.unlink(i, before)
		s.link(i, after)
	}
}

// symbols appends the symbols of a row.
func (m *matrix) symbols(b []uint32, i uint32) []uint32 {
	k := uint32(m.k)
	b = append(b, m.sources.of(int(i))...)
	for _, c := range m.repairCols.of(int(i)) {
		b = append(b, k+c)
	}
	return append(b, k+i)
}
