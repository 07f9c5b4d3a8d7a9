package kernel

import "github.com/klauspost/reedsolomon"

// What is used where no assembly of this package is, or symbols are too short for it.

func (l level) fallBackMulXor(f *Field, dst, src []byte, c byte) {
	if l == library && f == gf256 {
		reedsolomon.LowLevel{}.GalMulSliceXor(c, src, dst)
		return
	}
	goMulXor(f, dst, src, c)
}

func (l level) fallBackMul(f *Field, dst []byte, c byte) {
	if l == library && f == gf256 {
		reedsolomon.LowLevel{}.GalMulSlice(c, dst, dst)
		return
	}
	goMul(f, dst, c)
}

// multiplyEach multiplies symbol by symbol.
func multiplyEach(l level, f *Field, rows []byte, dst, src [][]byte, add bool) {
	for i, d := range dst {
		if !add {
			clear(d)
		}
		for j, s := range src {
			l.mulXor(f, d, s, rows[i*len(src)+j])
		}
	}
}

// multiplyEach16 multiplies symbol by symbol.
func multiplyEach16(l level, rows []prepared16, dst, src [][]byte, add bool) {
	for i, d := range dst {
		if !add {
			clear(d)
		}
		for j, s := range src {
			l.mulXor16Region(d, s, &rows[i*len(src)+j])
		}
	}
}
