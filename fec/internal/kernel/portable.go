package kernel

import (
	"crypto/subtle"
	"encoding/binary"
)

// The implementation in Go: eight bytes at a time, and the rest byte by byte.
//
// A product is a sum over the bits of the factor: a bit of each of the eight elements of a word, multiplied as an
// integer with what the coefficient makes of this bit, puts it wherever the bit is set, and nothing carries.

const (
	ones8  = 0x0101010101010101
	ones16 = 0x0001000100010001
)

func goXor(dst, src []byte) { subtle.XORBytes(dst, dst, src) }

func goSum(dst []byte, srcs [][]byte, add bool) {
	if !add {
		copy(dst, srcs[0])
		srcs = srcs[1:]
	}
	for _, s := range srcs {
		goXor(dst, s)
	}
}

func goSumRows(dst, base []byte, stride int, rows []uint32, add bool) {
	if !add {
		copy(dst, base[int(rows[0])*stride:])
		rows = rows[1:]
	}
	for _, r := range rows {
		goXor(dst, base[int(r)*stride:][:len(dst)])
	}
}

// wide has what a coefficient makes of each bit, as factors.
type wide [8]uint64

func newWide(f *Field, c byte) (w wide) {
	for i, p := range f.columns(c) {
		w[i] = uint64(p)
	}
	return w
}

func (w *wide) mul(x uint64) uint64 {
	return x&ones8*w[0] ^ x>>1&ones8*w[1] ^ x>>2&ones8*w[2] ^ x>>3&ones8*w[3] ^
		x>>4&ones8*w[4] ^ x>>5&ones8*w[5] ^ x>>6&ones8*w[6] ^ x>>7&ones8*w[7]
}

func goMulXor(f *Field, dst, src []byte, c byte) {
	w := newWide(f, c)
	for len(src) >= 8 && len(dst) >= 8 {
		x := w.mul(binary.LittleEndian.Uint64(src))
		binary.LittleEndian.PutUint64(dst, binary.LittleEndian.Uint64(dst)^x)
		dst, src = dst[8:], src[8:]
	}
	p := &f.products[c]
	for i, s := range src {
		dst[i] ^= p[0][s&15] ^ p[1][s>>4]
	}
}

func goMul(f *Field, dst []byte, c byte) {
	w := newWide(f, c)
	for len(dst) >= 8 {
		binary.LittleEndian.PutUint64(dst, w.mul(binary.LittleEndian.Uint64(dst)))
		dst = dst[8:]
	}
	p := &f.products[c]
	for i, d := range dst {
		dst[i] = p[0][d&15] ^ p[1][d>>4]
	}
}

func goAlphaXor(dst, src []byte) {
	for len(src) >= 8 && len(dst) >= 8 {
		d := binary.LittleEndian.Uint64(dst)
		high := d >> 7 & ones8
		d = (d&^(high<<7))<<1 ^ high*0x1D
		binary.LittleEndian.PutUint64(dst, d^binary.LittleEndian.Uint64(src))
		dst, src = dst[8:], src[8:]
	}
	for i, s := range src {
		dst[i] = dst[i]<<1 ^ dst[i]>>7*0x1D ^ s
	}
}

func goMulXor16(dst, src []byte, c *prepared16) {
	var w [16]uint64
	for i := range w {
		w[i] = c[i/4] >> (16 * (i % 4)) & 0xffff
	}
	for len(src) >= 8 && len(dst) >= 8 {
		x, y := binary.BigEndian.Uint64(src), uint64(0)
		for i := 0; i < 16; i += 4 {
			y ^= x&ones16*w[i] ^ x>>1&ones16*w[i+1] ^ x>>2&ones16*w[i+2] ^ x>>3&ones16*w[i+3]
			x >>= 4
		}
		binary.BigEndian.PutUint64(dst, binary.BigEndian.Uint64(dst)^y)
		dst, src = dst[8:], src[8:]
	}
	for len(src) >= 2 && len(dst) >= 2 {
		x, y := uint64(binary.BigEndian.Uint16(src)), uint64(0)
		for i, p := range w {
			y ^= x >> i & 1 * p
		}
		binary.BigEndian.PutUint16(dst, binary.BigEndian.Uint16(dst)^uint16(y))
		dst, src = dst[2:], src[2:]
	}
}
