package inactivation

import (
	"math/bits"
	"slices"
)

// shortcut gives encoding symbols without the last part of a plan, which computes the pivots. Before that part the row
// of a pivot in the slab lacks a sum of inactive columns, and the rows of these are right. An encoding symbol is a sum
// of few columns. So it lacks about half of the inactive ones. To add those to a few encoding symbols takes less than
// to compute all pivots. A shortcut is immutable.
type shortcut struct {
	state    []uint8  // of columns
	inactive []uint16 // columns, by their index
	width    int      // words of a vector
	words    []uint64 // a vector for each column: which inactive columns its row lacks; of an inactive one, itself
}

// take makes c the shortcut of the plan of a solver that succeeded.
func (c *shortcut) take(s *solver) {
	g, v := &s.graph, &s.vectors
	c.state, c.inactive = slices.Clone(g.state), slices.Clone(g.inactive)
	c.width, c.words = v.width, slices.Clone(v.words)
	for i, column := range c.inactive {
		own := c.vector(column)
		clear(own)
		flip(own, i)
	}
}

func (c *shortcut) vector(column uint16) []uint64 {
	at := int(column) * c.width
	return c.words[at : at+c.width : at+c.width]
}

func (c *shortcut) bytes() uint64 {
	return uint64(cap(c.state)) + 2*uint64(cap(c.inactive)) + 8*uint64(cap(c.words))
}

// shorten replaces the columns from word at on, the last words of s, by rows of the slab that have the same sum after
// runner.settle. It needs memory for a vector, and returns that too.
func (c *shortcut) shorten(s sums, at int, vector []uint64) (sums, []uint64) {
	vector = resize(vector, c.width)
	clear(vector)
	rows := s[:at]
	for _, column := range s[at:] {
		xor(vector, c.vector(column))
		if c.state[column] != inactive {
			rows = append(rows, column)
		}
	}
	for i, w := range vector {
		for ; w != 0; w &= w - 1 {
			rows = append(rows, c.inactive[64*i+bits.TrailingZeros64(w)])
		}
	}
	return rows, vector
}

// pays reports whether n encoding symbols take less with the shortcut than with the rest of the plan. The inactive
// columns are so few that a cache close by has them, so it does when it takes as many words.
func (p *Plan) pays(n int) bool { return n*len(p.shortcut.inactive)/2 < len(p.back)-p.settled }
