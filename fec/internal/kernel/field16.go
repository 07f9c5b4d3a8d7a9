package kernel

import "math/bits"

// Coefficient16 is a coefficient of a field GF(2^m), m from 2 to 16, ready to multiply symbols of big-endian uint16
// elements (RFC 5510, section 8.4 where m = 16). It is immutable.
//
// Elements are below 2^m. Those that are not count as polynomials, to be reduced; the product is below 2^m all the
// same.
type Coefficient16 struct {
	prepared prepared16
	level    level
}

// prepared16 is a linear map of 16 bits: either four 8 x 8 matrices as VGF2P8AFFINEQB wants them, or what becomes of
// each bit, four bits to a word, the lowest first: see level.affine16.
//
// The matrices are in this order: high byte to high byte, low to low, low to high, high to low. So the first two are
// the diagonal of the map and the last two are what crosses it, for an element with the high byte first.
type prepared16 [4]uint64

// NewCoefficient16 returns the coefficient c of the field with the given primitive polynomial, of degree 2 to 16, whose
// bit i stands for x^i.
func NewCoefficient16(c uint16, poly uint32) *Coefficient16 {
	checkPolynomial16(poly)
	return active.coefficient16(c, poly)
}

func (l level) coefficient16(c uint16, poly uint32) *Coefficient16 {
	return &Coefficient16{prepared: l.prepare16(c, poly), level: l}
}

// MulXor16 sets dst to dst ^ c*src. The length is even.
func MulXor16(dst, src []byte, c *Coefficient16) {
	if len(dst) != len(src) {
		panic(errLengths)
	}
	if len(dst)%2 != 0 {
		panic(errOdd)
	}
	c.level.mulXor16Region(dst, src, &c.prepared)
}

func checkPolynomial16(poly uint32) {
	if n := bits.Len32(poly); n < 3 || n > 17 {
		panic("kernel: not a polynomial of degree 2 to 16")
	}
}

func (l level) prepare16(c uint16, poly uint32) prepared16 {
	// columns[i] is c*x^i.
	var columns [16]uint64
	top := uint32(1) << (bits.Len32(poly) - 1)
	for i, p := 0, reduce(uint32(c), poly); i < 16; i++ {
		columns[i] = uint64(p)
		if p <<= 1; p&top != 0 {
			p ^= poly
		}
	}
	if !l.affine16() {
		var p prepared16
		for i, c := range columns {
			p[i/4] |= c << (16 * (i % 4))
		}
		return p
	}
	// bytes[h][g] has, byte by byte, what half g of an element adds to half h of the product; 1 is the high half.
	var halves [2][2]uint64
	for i, c := range columns {
		halves[0][i/8] |= c & 0xff << (8 * (i % 8))
		halves[1][i/8] |= c >> 8 << (8 * (i % 8))
	}
	matrix := func(out, in int) uint64 { return bits.ReverseBytes64(transpose(halves[out][in])) }
	return prepared16{matrix(1, 1), matrix(0, 0), matrix(1, 0), matrix(0, 1)}
}

// reduce returns a modulo poly.
func reduce(a, poly uint32) uint32 {
	for n := bits.Len32(poly); bits.Len32(a) >= n; {
		a ^= poly << (bits.Len32(a) - n)
	}
	return a
}
