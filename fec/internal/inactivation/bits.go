package inactivation

import "math/bits"

// noColumn is no column.
const noColumn = 1<<16 - 1

// vectors says of pivots, when the rows of symbols are taken as zero, which inactive columns they are the sum of: a bit
// for each inactive column.
type vectors struct {
	width int      // words of a vector
	words []uint64 // the vector of a column begins at width times the column
	sum   []uint64 // the result of row
}

// forward finds the vectors of all pivots.
func (v *vectors) forward(g *graph, rows *Rows) {
	v.width = (len(g.inactive) + 63) / 64
	v.words, v.sum = resize(v.words, len(g.state)*v.width), resize(v.sum, v.width)
	for _, p := range g.pivots {
		copy(v.of(p.column), v.row(g, rows.Row(int(p.row)), p.column))
	}
}

// of returns the vector of a pivot.
func (v *vectors) of(column uint16) []uint64 {
	at := int(column) * v.width
	return v.words[at : at+v.width : at+v.width]
}

// row returns the sum of the vectors of all columns but one, until the next call.
func (v *vectors) row(g *graph, columns []uint16, but uint16) []uint64 {
	if v.width == 2 { // K' of about 600 to 4000
		var a, b uint64
		for _, c := range columns {
			if c == but {
				continue
			}
			if g.state[c] == inactive {
				i := g.index[c]
				bit := uint64(1) << (i & 63)
				if i < 64 {
					a ^= bit
				} else {
					b ^= bit
				}
				continue
			}
			w := v.words[2*int(c) : 2*int(c)+2]
			a ^= w[0]
			b ^= w[1]
		}
		v.sum[0], v.sum[1] = a, b
		return v.sum
	}
	clear(v.sum)
	for _, c := range columns {
		if c == but {
			continue
		}
		if g.state[c] == inactive {
			flip(v.sum, int(g.index[c]))
			continue
		}
		xor(v.sum, v.of(c))
	}
	return v.sum
}

func flip(words []uint64, i int) { words[i/64] ^= 1 << (i % 64) }

func test(words []uint64, i int) bool { return words[i/64]>>(i%64)&1 != 0 }

// xor adds src to dst, which is as long or longer.
func xor(dst, src []uint64) {
	dst = dst[:len(src)]
	for i, w := range src {
		dst[i] ^= w
	}
}

// lowest returns the number of the first bit that is set, or -1.
func lowest(words []uint64) int {
	for i, w := range words {
		if w != 0 {
			return 64*i + bits.TrailingZeros64(w)
		}
	}
	return -1
}
