package raptor

import "math/bits"

// echelon is a growing system of linear equations over GF(2) among n unknowns: a triangle of rows, of which row p has p as
// its first unknown, and, for each, which of the rows before it were added up to get there. It is what is left of a block
// after the sparse part, and the one place where it shows whether the symbols suffice.
type echelon struct {
	n, words int
	rows     []uint64 // n times words: row p, when it is there
	used     []uint64 // n times words: the rows added to what became row p
	found    []bool   // row p is there
	order    []uint32 // the rows that are there, the oldest first
	row, sum []uint64 // the row that is being inserted
}

// reset makes e a system of n unknowns without rows.
func (e *echelon) reset(n int) {
	e.n, e.words = n, (n+63)/64
	e.rows, e.used = resize(e.rows, n*e.words), resize(e.used, n*e.words)
	e.found, e.order = resize(e.found, n), resize(e.order, n)[:0]
	e.row, e.sum = resize(e.row, e.words), resize(e.sum, e.words)
}

// full reports whether there is exactly one solution.
func (e *echelon) full() bool { return len(e.order) == e.n }

// next returns the row for the caller to fill in and to insert, zero.
func (e *echelon) next() []uint64 {
	clear(e.row)
	return e.row
}

// insert takes the row of next. It returns which row of the triangle it became, or false when the rows before it say the
// same.
func (e *echelon) insert() (int, bool) {
	clear(e.sum)
	for i := range e.row {
		for e.row[i] != 0 {
			p := i*64 + bits.TrailingZeros64(e.row[i])
			if !e.found[p] {
				copy(e.rows[p*e.words:], e.row)
				copy(e.used[p*e.words:], e.sum)
				e.found[p] = true
				e.order = append(e.order, uint32(p))
				return p, true
			}
			xor(e.row[i:], e.rows[p*e.words+i:(p+1)*e.words])
			e.sum[i] |= 1 << (p & 63)
		}
	}
	return 0, false
}

// appendUsed appends, for row p, the rows that were added to it.
func (e *echelon) appendUsed(list []uint32, p int) []uint32 {
	return appendBits(list, e.used[p*e.words:(p+1)*e.words])
}

// appendRest appends the unknowns of row p without p.
func (e *echelon) appendRest(list []uint32, p int) []uint32 {
	n := len(list)
	list = appendBits(list, e.rows[p*e.words:(p+1)*e.words])
	return append(list[:n], list[n+1:]...)
}

// weight returns the number of bits set.
func weight(set []uint64) (n int) {
	for _, w := range set {
		n += bits.OnesCount64(w)
	}
	return n
}

// xor adds src to dst, of the same length.
func xor(dst, src []uint64) {
	src = src[:len(dst)]
	for i := range dst {
		dst[i] ^= src[i]
	}
}

// appendBits appends the numbers of the bits set.
func appendBits(list []uint32, set []uint64) []uint32 {
	for i, w := range set {
		for ; w != 0; w &= w - 1 {
			list = append(list, uint32(i*64+bits.TrailingZeros64(w)))
		}
	}
	return list
}
