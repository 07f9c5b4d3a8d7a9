package inactivation

import "cmp"

// Code is the matrix of a code for one K'. It is immutable and safe for concurrent use.
type Code struct {
	Size
	// Fixed are the rows whose sum is zero.
	Fixed Rows
	// Dense says what the last Size.Dense columns are.
	Dense Dense
	// LT appends the columns, each once, whose sum is the encoding symbol with an ISI. Columns that are inactive from
	// the start may be among them. It is called by several goroutines.
	LT func(columns []uint16, isi uint32) []uint16
}

// Size holds the dimensions of a Code, from which memory is bounded before anything is allocated.
type Size struct {
	Source   int // K', the source symbols of an extended block
	Columns  int // L, the intermediate symbols; at most 60,000
	Inactive int // P, how many of the last columns are inactive from the start
	Fixed    int // S, the fixed rows
	Dense    int // H, the dense rows; at most 64
	Cells    int // the columns of all fixed rows together; 0: they are all in three rows, and in one more
	Degree   int // the most columns of an encoding symbol; 0: 64
}

// cellsOf bounds the columns of the K' source symbols. In RaptorQ they have 7.3 on average, in Raptor 4.6.
func (s *Size) cellsOf() int { return 12*s.Source + 64*s.degree() }

func (s *Size) cells() int { return cmp.Or(s.Cells, 4*s.Columns) }

func (s *Size) degree() int { return cmp.Or(s.Degree, 64) }

// Dense describes the dense rows. With J = L - H, the columns before the last H, and the running sum
//
//	g(0) = C[0], g(j) = f*g(j-1) + C[j]
//
// where the factor f is 2, alpha, if Alpha is set and else 1, row i says that C[J+i] is the sum of all g(j), j < J-1,
// that have i in Pairs, and Last[i]*g(J-1).
//
// RaptorQ, RFC 6330, section 5.3.3.3: Alpha; Pairs holds Rand[j+1,6,H] and (Rand[j+1,6,H] + Rand[j+1,7,H-1] + 1) % H;
// Last is alpha^^i. Raptor, RFC 5053, section 5.4.2.3: m[j,H'] and m[j+1,H'] differ in two bits, Pairs; Last holds the
// bits of m[J-1,H'].
type Dense struct {
	Alpha bool
	Pairs [][2]uint8 // two different rows after each column j < J-1
	Last  []byte     // H factors
}

// Rows is a list of sparse rows over GF(2).
type Rows struct {
	ends    []uint32
	columns []uint16
}

// Append appends a row of different columns.
func (r *Rows) Append(columns ...uint16) {
	r.columns = append(r.columns, columns...)
	r.ends = append(r.ends, uint32(len(r.columns)))
}

// Len returns the number of rows.
func (r *Rows) Len() int { return len(r.ends) }

// Row returns row i, which is not to be changed.
func (r *Rows) Row(i int) []uint16 {
	var start uint32
	if i > 0 {
		start = r.ends[i-1]
	}
	return r.columns[start:r.ends[i]]
}

func (r *Rows) bytes() uint64 { return 4*uint64(cap(r.ends)) + 2*uint64(cap(r.columns)) }

func (c *Code) bytes() uint64 {
	return c.Fixed.bytes() + 2*uint64(cap(c.Dense.Pairs)) + uint64(cap(c.Dense.Last))
}

// sourceRows returns the rows of the K' source symbols.
func (c *Code) sourceRows() *Rows {
	r := &Rows{ends: make([]uint32, 0, c.Source), columns: make([]uint16, 0, 9*c.Source+64)}
	for isi := range uint32(c.Source) {
		r.columns = c.LT(r.columns, isi)
		r.ends = append(r.ends, uint32(len(r.columns)))
	}
	return r
}
