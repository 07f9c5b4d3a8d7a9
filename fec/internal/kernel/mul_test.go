package kernel

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestMulXor(t *testing.T) {
	eachLevel(t, func(t *testing.T, l level) {
		r := rand.New(rand.NewPCG(2, 1))
		for _, n := range lengths() {
			for c := n % 5; c < 256; c += 5 {
				dst, src := newGuarded(r, n, c%64), newGuarded(r, n, n%64)
				want := xorSlowly(dst.data, scaleSlowly(src.data, byte(c)))
				source := bytes.Clone(src.data)
				l.mulXor(gf256, dst.data, src.data, byte(c))
				dst.check(t, want, "length %d, coefficient %d", n, c)
				src.check(t, source, "source, length %d, coefficient %d", n, c)
			}
		}
	})
}

// All products of GF(2^8), at each place of a symbol.
func TestMulAll(t *testing.T) {
	eachLevel(t, func(t *testing.T, l level) {
		r := rand.New(rand.NewPCG(2, 2))
		for c := range 256 {
			dst, other := newGuarded(r, 256+81, c%64), newGuarded(r, 256+81, c%63)
			for i := range dst.data {
				dst.data[i] = byte(i)
			}
			want := scaleSlowly(dst.data, byte(c))
			wantSum := xorSlowly(other.data, want)
			l.mulXor(gf256, other.data, dst.data, byte(c))
			l.mul(gf256, dst.data, byte(c))
			dst.check(t, want, "coefficient %d", c)
			other.check(t, wantSum, "added, coefficient %d", c)
		}
	})
}

func TestMul(t *testing.T) {
	eachLevel(t, func(t *testing.T, l level) {
		r := rand.New(rand.NewPCG(2, 3))
		for _, n := range lengths() {
			for _, c := range []byte{0, 1, 2, 29, 128, 255} {
				dst := newGuarded(r, n, n%61)
				want := scaleSlowly(dst.data, c)
				l.mul(gf256, dst.data, c)
				dst.check(t, want, "length %d, coefficient %d", n, c)
			}
		}
	})
}

func TestAlphaXor(t *testing.T) {
	eachLevel(t, func(t *testing.T, l level) {
		r := rand.New(rand.NewPCG(2, 4))
		for _, n := range lengths() {
			for _, shift := range []int{0, 1, 13, 32, 63} {
				dst, src := newGuarded(r, n, shift), newGuarded(r, n, 63-shift)
				want := xorSlowly(scaleSlowly(dst.data, 2), src.data)
				l.alphaXor(dst.data, src.data)
				dst.check(t, want, "length %d, shift %d", n, shift)
			}
		}
	})
}

// polynomials are those of RFC 5510, section 8.1.
var polynomials = map[uint]uint32{
	2: 0x7, 3: 0xB, 4: 0x13, 5: 0x25, 6: 0x43, 7: 0x89, 8: 0x11D, 9: 0x211, 10: 0x409, 11: 0x805, 12: 0x1053,
	13: 0x201B, 14: 0x4443, 15: 0x8003, 16: 0x1100B,
}

func TestField(t *testing.T) {
	eachLevel(t, func(t *testing.T, l level) {
		for m := uint(2); m <= 8; m++ {
			t.Run(fmt.Sprint("m=", m), func(t *testing.T) {
				f := NewField(m, polynomials[m])
				for c := range 1 << m {
					src, dst := make([]byte, 256), make([]byte, 256)
					for i := range src {
						src[i] = byte(i)
					}
					l.mulXor(f, dst, src, byte(c))
					for i, d := range dst {
						if want := elementsSlowly(byte(i), byte(c), m); d != want {
							t.Fatalf("%d * %#x is %#x, want %#x", c, i, d, want)
						}
					}
					l.mul(f, src, byte(c))
					if !bytes.Equal(src, dst) {
						t.Fatalf("Mul by %d differs from MulXor", c)
					}
				}
			})
		}
	})
}

// elementsSlowly multiplies the elements that share byte b with c, one by one.
func elementsSlowly(b, c byte, m uint) byte {
	if 8%m != 0 {
		return byte(multiplySlowly(uint32(b), uint32(c), polynomials[m]))
	}
	var p byte
	for shift := uint(0); shift < 8; shift += m {
		p |= byte(multiplySlowly(uint32(b>>shift&(1<<m-1)), uint32(c), polynomials[m]) << shift)
	}
	return p
}

func TestMulPanics(t *testing.T) {
	dst := make([]byte, 10)
	for name, f := range map[string]func(){
		"MulXor":          func() { MulXor(dst, dst[:9], 2) },
		"AlphaXor":        func() { AlphaXor(dst[:9], dst) },
		"small field":     func() { NewField(1, 3) },
		"large field":     func() { NewField(9, 0x211) },
		"wrong degree":    func() { NewField(8, 0x89) },
		"large field 16":  func() { NewCoefficient16(1, 0x2000B) },
		"no field 16":     func() { NewCoefficient16(1, 3) },
		"odd length":      func() { MulXor16(dst[:len(dst)-1], dst[:len(dst)-1], NewCoefficient16(2, 0x1100B)) },
		"lengths differ":  func() { MulXor16(dst[:8], dst, NewCoefficient16(2, 0x1100B)) },
		"matrix, field":   func() { NewMatrix16(nil, 0x2000B) },
		"uneven rows":     func() { NewMatrix([][]byte{{1, 2}, {1}}) },
		"uneven rows 16":  func() { NewMatrix16([][]uint16{{1, 2}, {1}}, 0x1100B) },
		"row of columns":  func() { NewMatrix16([][]uint16{{1, 2}}, 0x1100B).SetRow(0, []uint16{1}) },
		"columns":         func() { NewMatrix([][]byte{{1, 2}}).Mul([][]byte{dst}, [][]byte{dst}) },
		"rows":            func() { NewMatrix([][]byte{{1}}).Mul([][]byte{dst, dst}, [][]byte{dst}) },
		"length":          func() { NewMatrix([][]byte{{1}}).Mul([][]byte{dst}, [][]byte{dst[:9]}) },
		"rows beyond":     func() { NewMatrix([][]byte{{1}}).MulRows(1, [][]byte{dst}, [][]byte{dst}) },
		"rows before":     func() { NewMatrix([][]byte{{1}}).MulRows(-1, [][]byte{dst}, [][]byte{dst}) },
		"16: columns":     func() { NewMatrix16([][]uint16{{1, 2}}, 11).Mul([][]byte{dst}, [][]byte{dst}) },
		"16: length":      func() { NewMatrix16([][]uint16{{1}}, 11).Mul([][]byte{dst}, [][]byte{dst[:8]}) },
		"16: odd length":  func() { NewMatrix16([][]uint16{{1}}, 11).Mul([][]byte{dst[:7]}, [][]byte{dst[:7]}) },
		"16: rows beyond": func() { NewMatrix16([][]uint16{{1}}, 11).MulRows(1, [][]byte{dst}, [][]byte{dst}) },
	} {
		t.Run(name, func(t *testing.T) { mustPanic(t, f) })
	}
}
