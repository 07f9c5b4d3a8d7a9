//go:build !purego

package kernel

import "golang.org/x/sys/cpu"

// levels lists the implementations that this CPU can run, the fastest last.
func levels() []level {
	l := []level{portable, library}
	x := &cpu.X86
	if x.HasAVX2 {
		l = append(l, avx2)
	}
	if x.HasAVX512F && x.HasAVX512BW && x.HasAVX512VL && x.HasAVX512DQ && x.HasAVX512GFNI && x.HasBMI2 {
		l = append(l, avx512)
	}
	return l
}

// affine16 says in which form the level wants a prepared16.
func (l level) affine16() bool { return l == avx512 }

// least is the number of bytes that the functions for AVX2 need: they do what is left at the end as part of a whole
// register. The functions for AVX-512 need one byte, and leave the rest of a register alone.
const least = 32

func (l level) xorRegion(dst, src []byte) {
	switch {
	case l == avx512 && len(dst) > 0:
		xorAVX512(&dst[0], &src[0], len(dst))
	case l == avx2 && len(dst) >= least:
		xorAVX2(&dst[0], &src[0], len(dst))
	default:
		goXor(dst, src)
	}
}

func (l level) mulXorRegion(f *Field, dst, src []byte, c byte) {
	switch {
	case l == avx512 && len(dst) > 0:
		mulXorAVX512(&dst[0], &src[0], &f.affine[c], len(dst))
	case l == avx2 && len(dst) >= least:
		mulXorAVX2(&dst[0], &src[0], &f.products[c], len(dst))
	default:
		l.fallBackMulXor(f, dst, src, c)
	}
}

func (l level) mulRegion(f *Field, dst []byte, c byte) {
	switch {
	case l == avx512 && len(dst) > 0:
		mulAVX512(&dst[0], &f.affine[c], len(dst))
	case l == avx2 && len(dst) >= least:
		mulAVX2(&dst[0], &f.products[c], len(dst))
	default:
		l.fallBackMul(f, dst, c)
	}
}

func (l level) alphaXorRegion(dst, src []byte) {
	switch {
	case l == avx512 && len(dst) > 0:
		alphaXorAVX512(&dst[0], &src[0], &gf256.affine[2], len(dst))
	case l == avx2 && len(dst) >= least:
		alphaXorAVX2(&dst[0], &src[0], &gf256.products[2], len(dst))
	default:
		goAlphaXor(dst, src)
	}
}

// The most bytes of a destination that the sums keep in registers.
const (
	mostAVX2   = 12 * 32
	mostAVX512 = 24 * 64
)

// stretch returns how many of n bytes come next, so that the rest is none or enough for AVX2.
func stretch(n int) int {
	switch {
	case n <= mostAVX2:
		return n
	case n < mostAVX2+least:
		return n - least
	default:
		return mostAVX2
	}
}

func (l level) sumRegions(dst []byte, srcs [][]byte, add bool) {
	switch {
	case l == avx512:
		for i := 0; i < len(dst); i += mostAVX512 {
			sumRegionsAVX512(&dst[i], min(len(dst)-i, mostAVX512), &srcs[0], i, len(srcs), add)
		}
	case l == avx2 && len(dst) >= least:
		for i := 0; i < len(dst); {
			n := stretch(len(dst) - i)
			sumRegionsAVX2(&dst[i], n, &srcs[0], i, len(srcs), add)
			i += n
		}
	default:
		goSum(dst, srcs, add)
	}
}

func (l level) sumStrided(dst, base []byte, stride int, rows []uint32, add bool) {
	switch {
	case l == avx512:
		for i := 0; i < len(dst); i += mostAVX512 {
			sumRowsAVX512(&dst[i], min(len(dst)-i, mostAVX512), &base[i], stride, &rows[0], len(rows), add)
		}
	case l == avx2 && len(dst) >= least:
		for i := 0; i < len(dst); {
			n := stretch(len(dst) - i)
			sumRowsAVX2(&dst[i], n, &base[i], stride, &rows[0], len(rows), add)
			i += n
		}
	default:
		goSumRows(dst, base, stride, rows, add)
	}
}
