package kernel

// Matrix is a matrix over a field of at most 256 elements: one row for each destination, one column for each source. It
// takes a byte for each coefficient.
type Matrix struct {
	field         *Field
	rows, columns int
	data          []byte // row by row
	level         level
}

// NewMatrix returns a Matrix over GF(2^8) with the polynomial 0x11D, with a copy of rows, which have the same length.
func NewMatrix(rows [][]byte) *Matrix { return gf256.NewMatrix(rows) }

// NewMatrix returns a Matrix over f with a copy of rows, which have the same length. An element where several share a
// byte is given alone, in the low bits.
func (f *Field) NewMatrix(rows [][]byte) *Matrix {
	m := &Matrix{field: f, level: active}
	if len(rows) != 0 {
		m.Reset(len(rows), len(rows[0]))
	}
	for i, r := range rows {
		if len(r) != m.columns {
			panic(errLengths)
		}
		copy(m.Row(i), r)
	}
	return m
}

// Reset makes m a matrix of another size, in the same memory if that is large enough. Its coefficients are undefined
// until they are written: see Row.
func (m *Matrix) Reset(rows, columns int) {
	m.rows, m.columns = rows, columns
	if n := rows * columns; cap(m.data) < n {
		m.data = make([]byte, n)
	} else {
		m.data = m.data[:n]
	}
}

// Rows returns the number of rows, that is of destinations.
func (m *Matrix) Rows() int { return m.rows }

// Columns returns the number of columns, that is of sources.
func (m *Matrix) Columns() int { return m.columns }

// Row returns row i, to be read or written.
func (m *Matrix) Row(i int) []byte { return m.data[i*m.columns : (i+1)*m.columns : (i+1)*m.columns] }

// Bytes returns the memory for coefficients in bytes.
func (m *Matrix) Bytes() int { return cap(m.data) }

// Mul sets dst[i] to the sum of Row(i)[j]*src[j] over all j.
func (m *Matrix) Mul(dst, src [][]byte) { m.multiply(0, m.rows, dst, src, false) }

// MulXor sets dst[i] to dst[i] ^ the sum of Row(i)[j]*src[j] over all j.
func (m *Matrix) MulXor(dst, src [][]byte) { m.multiply(0, m.rows, dst, src, true) }

// MulRows does what Mul does for rows first to first+len(dst)-1 only: dst[i] is for row first+i.
func (m *Matrix) MulRows(first int, dst, src [][]byte) {
	m.multiply(first, len(dst), dst, src, false)
}

func (m *Matrix) multiply(first, rows int, dst, src [][]byte, add bool) {
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
	if len(src) == 0 {
		if !add {
			clearAll(dst)
		}
		return
	}
	m.level.multiplyRegions(m.field, m.data[first*m.columns:(first+rows)*m.columns], dst, src, add)
}

func sameLength(symbols [][]byte, size int) bool {
	for _, s := range symbols {
		if len(s) != size {
			return false
		}
	}
	return true
}

func clearAll(symbols [][]byte) {
	for _, s := range symbols {
		clear(s)
	}
}
