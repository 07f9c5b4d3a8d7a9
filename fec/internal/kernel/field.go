package kernel

import "math/bits"

// Field is a field GF(2^m) of at most 256 elements, m from 2 to 8. It is immutable.
//
// Where m divides 8 a byte holds 8/m elements side by side, and is multiplied as such: that is how RFC 5510, section
// 8.4 lays out symbols. Where it does not, a byte holds one element, in its low bits; a byte beyond the field counts as
// a polynomial, to be reduced.
type Field struct {
	// products has, for each coefficient, what it makes of the low and of the high half of a byte: the sum of both is
	// the product. Sixteen entries are what a byte shuffle takes.
	products [256][2][16]byte
	// affine has, for each coefficient, the matrix over GF(2) that multiplies with it, as VGF2P8AFFINEQB wants it.
	affine [256]uint64
	// whole says that the coefficient 1 changes no byte: there are no bits that belong to no element.
	whole bool
}

// gf256 is GF(2^8) with the polynomial of RFC 5510, section 8.1 and RFC 6330, section 5.7.2.
var gf256 = NewField(8, 0x11D)

// NewField returns the field GF(2^m), m from 2 to 8, with the given primitive polynomial, whose bit i stands for x^i.
func NewField(m uint, poly uint32) *Field {
	if m < 2 || m > 8 || bits.Len32(poly) != int(m)+1 {
		panic("kernel: not a polynomial of degree m, 2 to 8")
	}
	f := &Field{whole: 8%m == 0}
	for c := range f.affine {
		// columns[i] is what becomes of bit i.
		var columns [8]byte
		for i := range columns {
			// Elements of a byte that holds several do not mix.
			element := uint(0)
			if f.whole {
				element = uint(i) / m
			}
			if uint(c) < 1<<m {
				columns[i] = byte(product(uint32(c), 1<<(uint(i)-element*m), poly) << (element * m))
			}
		}
		for v := range 16 {
			for i := range 4 {
				if v>>i&1 != 0 {
					f.products[c][0][v] ^= columns[i]
					f.products[c][1][v] ^= columns[i+4]
				}
			}
		}
		f.affine[c] = affine(columns)
	}
	return f
}

// GF256 returns the field GF(2^8) with the polynomial 0x11D: the one of the functions MulXor, Mul and NewMatrix.
func GF256() *Field { return gf256 }

// columns returns what c makes of each bit of a byte.
func (f *Field) columns(c byte) [8]byte {
	p := &f.products[c]
	return [8]byte{p[0][1], p[0][2], p[0][4], p[0][8], p[1][1], p[1][2], p[1][4], p[1][8]}
}

// product multiplies two polynomials over GF(2), modulo poly.
func product(a, b, poly uint32) uint32 {
	var p uint32
	for ; b != 0; b >>= 1 {
		if b&1 != 0 {
			p ^= a
		}
		if a <<= 1; bits.Len32(a) == bits.Len32(poly) {
			a ^= poly
		}
	}
	return p
}

// affine returns the matrix over GF(2) with these columns in the form of VGF2P8AFFINEQB: the row for bit i of a result
// is byte 7-i.
func affine(columns [8]byte) uint64 {
	var x uint64
	for i, c := range columns {
		x |= uint64(c) << (8 * i)
	}
	return bits.ReverseBytes64(transpose(x))
}

// transpose transposes an 8 x 8 matrix of bits: bit j of byte i becomes bit i of byte j.
func transpose(x uint64) uint64 {
	t := (x ^ x>>7) & 0x00aa00aa00aa00aa
	x ^= t ^ t<<7
	t = (x ^ x>>14) & 0x0000cccc0000cccc
	x ^= t ^ t<<14
	t = (x ^ x>>28) & 0x00000000f0f0f0f0
	return x ^ t ^ t<<28
}
