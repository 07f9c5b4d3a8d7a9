package raptor

import (
	"math/bits"

	"github.com/flute-node/flute-node/fec/internal/inactivation"
)

// size returns the dimensions of the code for k source symbols. A block is not extended, and nothing is inactive from
// the start.
func size(k int) inactivation.Size {
	c := newCode(k)
	return inactivation.Size{Source: k, Columns: c.l, Fixed: c.s, Dense: c.h}
}

// equations returns the code for k source symbols as the engine wants it.
func equations(k int) *inactivation.Code {
	c := newCode(k)
	e := &inactivation.Code{Size: size(k), LT: c.appendLT}
	// LDPC symbol r is the sum of some of the first k intermediate symbols, and so the sum of these and of it is zero.
	rows := make([][]uint16, c.s)
	for i := range k {
		for _, r := range c.ldpc(i) {
			rows[r] = append(rows[r], uint16(i))
		}
	}
	for r, columns := range rows {
		e.Fixed.Append(append(columns, uint16(k+r))...)
	}
	// Sets of Half symbols one after the other differ in two Half symbols. If sums of intermediate symbols, from the
	// first on, are added to these two, each Half symbol gets those in whose sets it is.
	var last uint32
	c.half(func(j int, set uint32) {
		if j > 0 {
			e.Dense.Pairs = append(e.Dense.Pairs, pair(last^set))
		}
		last = set
	})
	for h := range c.h {
		e.Dense.Last = append(e.Dense.Last, byte(last>>h&1))
	}
	return e
}

// pair returns the elements of a set of two.
func pair(set uint32) [2]uint8 {
	return [2]uint8{uint8(bits.TrailingZeros32(set)), uint8(31 - bits.LeadingZeros32(set))}
}
