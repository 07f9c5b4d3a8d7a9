package ldpc

import (
	"fmt"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/kernel"
)

// maxAside bounds the symbols set aside; the work of the elimination grows with the third power. When no more symbols
// come than are needed, between a tenth (N1 = 3) and less than half (N1 = 10) of the repair symbols were measured, and
// less than k.
func maxAside(p params) int { return min(p.repairs(), 64+p.repairs()/2, 1024+p.k, 8192) }

// link puts row i of weight 2 and more into the list of its weight.
func (s *solver) link(i, weight uint32) {
	if weight < 2 {
		return
	}
	r, head := &s.rows[i], s.weights[weight]
	r.next, r.prev = head, none
	if head != none {
		s.rows[head].prev = i
	}
	s.weights[weight] = i
}

// unlink takes row i out of the list of its weight.
func (s *solver) unlink(i, weight uint32) {
	if weight < 2 {
		return
	}
	r := &s.rows[i]
	if r.prev == none {
		s.weights[weight] = r.next
	} else {
		s.rows[r.prev].next = r.next
	}
	if r.next != none {
		s.rows[r.next].prev = r.prev
	}
}

// lightest returns a row of the least weight from 2 on, or none.
func (s *solver) lightest() uint32 {
	if !s.filed {
		s.filed = true
		for w := range s.weights {
			s.weights[w] = none
		}
		for i := range s.rows {
			s.link(uint32(i), min(s.rows[i].weight, maxWeight))
		}
	}
	for _, i := range s.weights {
		if i != none {
			return i
		}
	}
	return none
}

// lighten sets all unknown symbols of row i aside but one that is in the fewest rows.
func (s *solver) lighten(i uint32) error {
	s.terms = s.m.symbols(s.terms[:0], i)
	keep, fewest := none, 0
	rest := s.terms[:0]
	for _, c := range s.terms {
		if s.state[c] != unknown {
			continue
		}
		rest = append(rest, c)
		if n := len(s.m.byColumn.of(int(c))); keep == none || n < fewest {
			keep, fewest = c, n
		}
	}
	for _, c := range rest {
		if c == keep {
			continue
		}
		if len(s.aside) == maxAside(s.m.params) {
			return fmt.Errorf("ldpc: more than %d symbols depend on each other: %w", len(s.aside), fec.ErrMoreSymbols)
		}
		s.place[c] = uint32(len(s.aside))
		s.aside = append(s.aside, c)
		s.settle(c, setAside)
	}
	return nil
}

// combine finds out which symbols set aside are in each pivot.
func (s *solver) combine() {
	stride := s.dense.stride
	s.combined = resize(s.combined, len(s.pivots)*stride)
	for i, p := range s.pivots {
		s.sum(s.combined[i*stride:(i+1)*stride], p.row, p.symbol)
	}
}

// sum sets b to the symbols set aside that are in row i, without symbol except.
func (s *solver) sum(b []byte, i, except uint32) {
	s.terms, s.places = s.m.symbols(s.terms[:0], i), s.places[:0]
	aside := s.terms[:0]
	for _, c := range s.terms {
		switch {
		case c == except:
		case s.state[c] == setAside:
			aside = append(aside, s.place[c])
		case s.state[c] == given:
			s.places = append(s.places, s.place[c])
		}
	}
	kernel.SetSumRows(b, s.combined, s.dense.stride, s.places)
	for _, bit := range aside {
		b[bit/8] ^= 1 << (bit % 8)
	}
}

// eliminate solves the rows that gave no symbol for the symbols set aside, and returns their rank.
func (s *solver) eliminate() (rank int) {
	for i := range s.rows {
		if s.rows[i].used {
			continue
		}
		s.sum(s.dense.room(), uint32(i), none)
		if s.dense.add(uint32(i)) && s.dense.rank() == len(s.aside) {
			break
		}
	}
	return s.dense.rank()
}

// solverBytes bounds what a solver allocates for p.
func solverBytes(p params) uint64 {
	n, rows, u := uint64(p.n), uint64(p.repairs()), uint64(maxAside(p))
	lists := 5*n + (rowBytes+4+8)*rows + 8*u + 16*n // the last for terms and places, which grow
	return lists + uint64(denseStride(int(u)))*(rows+u+1) + 24*u
}
