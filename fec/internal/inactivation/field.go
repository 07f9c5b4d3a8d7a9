package inactivation

import "github.com/flute-node/flute-node/fec/internal/kernel"

// multiply multiplies in GF(2^8)/0x11D, for the few products that are not of symbols.
func multiply(a, b byte) (p byte) {
	for ; b != 0; b >>= 1 {
		p ^= a & -(b & 1)
		a = a<<1 ^ 0x1D&-(a>>7)
	}
	return p
}

// inverse returns 1/a, for a != 0: a^254.
func inverse(a byte) byte {
	p := byte(1)
	for range 7 {
		a = multiply(a, a)
		p = multiply(p, a)
	}
	return p
}

// scale multiplies a row with c.
func scale(row []byte, c byte) { kernel.Mul(row, c) }

// addScaled adds c times src to dst.
func addScaled(dst, src []byte, c byte) { kernel.MulXor(dst, src, c) }
