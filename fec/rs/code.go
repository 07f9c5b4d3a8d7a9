package rs

import (
	"fmt"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/kernel"
	"github.com/flute-node/flute-node/flute"
)

// code is what all source blocks over GF(2^m) share. It is immutable.
type code struct {
	*field
	bytes   *kernel.Field // m up to 8
	library bool          // see libraryIsFaster
}

func newCode(bits uint) *code {
	c := &code{field: newField(bits)}
	if !isWide(bits) {
		c.bytes = kernel.NewField(bits, polynomials[bits])
		c.library = bits == 8 && libraryIsFaster()
	}
	return c
}

// block says what is to be coded.
type block struct {
	*code
	variant fec.Variant
	k, n    int // source symbols, and the largest number of encoding symbols
	length  int // of a symbol, bytes
}

// block returns the block of k source symbols, or says why there is none.
func (s *Scheme) block(o *fec.OTI, v fec.Variant, k uint32) (block, error) {
	m := bits(o)
	if m < minBits || m > maxBits {
		return block{}, fmt.Errorf("rs: no code over GF(2^%d): %w", m, flute.ErrOTI)
	}
	n := min(o.MaxESI(k), 1<<m-1)
	switch {
	case k == 0 || k > n || o.SymbolLength == 0:
		return block{}, fmt.Errorf("rs: source block of %d symbols of %d bytes: %w", k, o.SymbolLength, flute.ErrOTI)
	case uint(o.SymbolLength)*8%m != 0:
		return block{}, fmt.Errorf("rs: symbols of %d bytes are not elements of %d bits: %w", o.SymbolLength, m,
			flute.ErrOTI)
	case !known(v):
		return block{}, fmt.Errorf("rs: no code is called %q: %w", v, flute.ErrOTI)
	}
	return block{s.codes[m](), v, int(k), int(n), int(o.SymbolLength)}, nil
}

// bits returns m: 8 where the sender leaves it out (RFC 5510, section 4.2.3), and in the schemes that have no other.
func bits(o *fec.OTI) uint {
	if o.EncodingID != fec.ReedSolomonGF2m || o.FieldBits == 0 {
		return 8
	}
	return uint(o.FieldBits)
}

// Coefficients are prepared for multiplication some rows at a time: as many as have so many coefficients, which take up
// to 32 bytes each, but no fewer than are multiplied together.
const (
	maxCoefficients = 1 << 17
	minRows         = 8
)

// maxRows returns how many rows of k coefficients are prepared at a time.
func maxRows(k int) int { return max(minRows, maxCoefficients/k) }

// matrix is made of rows of coefficients of source symbols, or of what is there of a block.
type matrix struct {
	bytes   *kernel.Matrix   // m up to 8
	words   *kernel.Matrix16 // other m
	library bool
}

func (c *code) newMatrix() matrix {
	if isWide(c.bits) {
		return matrix{words: kernel.NewMatrix16(nil, polynomials[c.bits])}
	}
	return matrix{bytes: c.bytes.NewMatrix(nil), library: c.library}
}

// coefficientBytes returns the memory of a prepared coefficient.
func coefficientBytes(bits uint) uint64 {
	if isWide(bits) {
		return 32
	}
	return 1
}

// reset makes m one of so many rows, for symbols known to b.
func (m *matrix) reset(rows int, b *basis) {
	if m.bytes != nil {
		m.bytes.Reset(rows, len(b.points))
	} else {
		m.words.Reset(rows, len(b.points))
	}
}

// set makes row i say how symbol j follows from what b knows. It returns room, which may have grown.
func (m *matrix) set(i int, b *basis, j int, room []uint16) []uint16 {
	if m.bytes != nil {
		row(m.bytes.Row(i), b, j)
		return room
	}
	room = sized(room, len(b.points))
	row(room, b, j)
	m.words.SetRow(i, room)
	return room
}

// mul multiplies; the symbols are as the kernels take them.
func (m *matrix) mul(dst, src [][]byte) {
	switch {
	case m.library:
		libraryMul(m.bytes, dst, src)
	case m.bytes != nil:
		m.bytes.Mul(dst, src)
	default:
		m.words.Mul(dst, src)
	}
}

// size returns the memory of the coefficients.
func (m *matrix) size() int {
	if m.bytes != nil {
		return m.bytes.Bytes()
	}
	return m.words.Bytes()
}
