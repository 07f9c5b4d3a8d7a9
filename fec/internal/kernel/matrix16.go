package kernel

import "unsafe"

// Matrix16 is a matrix over a field GF(2^m), m from 2 to 16, for symbols of big-endian uint16 elements: see
// Coefficient16. It has one row for each destination and one column for each source, and takes 32 bytes for each
// coefficient and 2 kB besides.
type Matrix16 struct {
	// parts has the prepared form of four bits of a coefficient; that of a coefficient is the sum of its parts.
	parts         [4][16]prepared16
	rows, columns int
	data          []prepared16 // row by row
	level         level
}

// NewMatrix16 returns a Matrix16 with rows, which have the same length, over the field with the given primitive
// polynomial, of degree 2 to 16, whose bit i stands for x^i.
func NewMatrix16(rows [][]uint16, poly uint32) *Matrix16 { return active.newMatrix16(rows, poly) }

func (l level) newMatrix16(rows [][]uint16, poly uint32) *Matrix16 {
	checkPolynomial16(poly)
	m := &Matrix16{level: l}
	for i := range m.parts {
		for v := range m.parts[i] {
			m.parts[i][v] = l.prepare16(uint16(v)<<(4*i), poly)
		}
	}
	if len(rows) != 0 {
		m.Reset(len(rows), len(rows[0]))
	}
	for i, r := range rows {
		m.SetRow(i, r)
	}
	return m
}

// Reset makes m a matrix of another size over the same field, in the same memory if that is large enough. Its
// coefficients are undefined until they are set: see SetRow.
func (m *Matrix16) Reset(rows, columns int) {
	m.rows, m.columns = rows, columns
	if n := rows * columns; cap(m.data) < n {
		m.data = make([]prepared16, n)
	} else {
		m.data = m.data[:n]
	}
}

// SetRow sets row i, which has as many elements as the matrix has columns.
func (m *Matrix16) SetRow(i int, row []uint16) {
	if len(row) != m.columns {
		panic(errLengths)
	}
	data := m.data[i*m.columns : (i+1)*m.columns]
	for j, c := range row {
		x, y, z, w := &m.parts[0][c&15], &m.parts[1][c>>4&15], &m.parts[2][c>>8&15], &m.parts[3][c>>12]
		for k := range data[j] {
			data[j][k] = x[k] ^ y[k] ^ z[k] ^ w[k]
		}
	}
}

// Rows returns the number of rows, that is of destinations.
func (m *Matrix16) Rows() int { return m.rows }

// Columns returns the number of columns, that is of sources.
func (m *Matrix16) Columns() int { return m.columns }

// Bytes returns the memory for coefficients in bytes.
func (m *Matrix16) Bytes() int { return cap(m.data) * int(unsafe.Sizeof(prepared16{})) }

// Mul sets dst[i] to the sum of row i's coefficient j times src[j], over all j. The length of symbols is even.
func (m *Matrix16) Mul(dst, src [][]byte) { m.multiply(0, m.rows, dst, src, false) }

// MulXor sets dst[i] to dst[i] ^ the sum of row i's coefficient j times src[j], over all j. The length of symbols is
// even.
func (m *Matrix16) MulXor(dst, src [][]byte) { m.multiply(0, m.rows, dst, src, true) }

// MulRows does what Mul does for rows first to first+len(dst)-1 only: dst[i] is for row first+i.
func (m *Matrix16) MulRows(first int, dst, src [][]byte) {
	m.multiply(first, len(dst), dst, src, false)
}

func (m *Matrix16) multiply(first, rows int, dst, src [][]byte, add bool) {
	if first < 0 || first > m.rows-rows || len(dst) != rows || len(src) != m.columns {
		panic(errShape)
	}
	if rows == 0 {
		return
	}
	size := len(dst[0])
	if !sameLength(dst, size) || !sameLength(src, size) {
		panic(errLengths)
	}
	if size%2 != 0 {
		panic(errOdd)
	}
	if len(src) == 0 {
		if !add {
			clearAll(dst)
		}
		return
	}
	m.level.multiply16Regions(m.data[first*m.columns:(first+rows)*m.columns], dst, src, add)
}
