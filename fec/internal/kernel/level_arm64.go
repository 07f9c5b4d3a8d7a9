//go:build !purego

package kernel

// levels lists the implementations that this CPU can run, the fastest last. Every arm64 that Go runs on has NEON.
func levels() []level { return []level{portable, library, neon} }

// affine16 says in which form the level wants a prepared16.
func (level) affine16() bool { return false }

// least is the number of bytes that the functions need: they do what is left at the end as part of a whole register.
const least = 16

func (l level) xorRegion(dst, src []byte) {
	if l == neon && len(dst) >= least {
		xorNEON(&dst[0], &src[0], len(dst))
	} else {
		goXor(dst, src)
	}
}

func (l level) mulXorRegion(f *Field, dst, src []byte, c byte) {
	if l == neon && len(dst) >= least {
		mulXorNEON(&dst[0], &src[0], &f.products[c], len(dst))
	} else {
		l.fallBackMulXor(f, dst, src, c)
	}
}

func (l level) mulRegion(f *Field, dst []byte, c byte) {
	if l == neon && len(dst) >= least {
		mulNEON(&dst[0], &f.products[c], len(dst))
	} else {
		l.fallBackMul(f, dst, c)
	}
}

func (l level) alphaXorRegion(dst, src []byte) {
	if l == neon && len(dst) >= least {
		alphaXorNEON(&dst[0], &src[0], &gf256.products[2], len(dst))
	} else {
		goAlphaXor(dst, src)
	}
}

func (l level) sumRegions(dst []byte, srcs [][]byte, add bool) {
	if l == neon && len(dst) >= least {
		sumRegionsNEON(&dst[0], len(dst), &srcs[0], len(srcs), add)
	} else {
		goSum(dst, srcs, add)
	}
}

func (l level) sumStrided(dst, base []byte, stride int, rows []uint32, add bool) {
	if l == neon && len(dst) >= least {
		sumRowsNEON(&dst[0], len(dst), &base[0], stride, &rows[0], len(rows), add)
	} else {
		goSumRows(dst, base, stride, rows, add)
	}
}

func (l level) multiplyRegions(f *Field, rows []byte, dst, src [][]byte, add bool) {
	if l == neon && len(dst[0]) >= shuffleStrip {
		shuffleRegions(f, rows, dst, src, add)
	} else {
		multiplyEach(l, f, rows, dst, src, add)
	}
}

func shuffleGroup(rows int, f *Field, c *byte, dst, src [][]byte, i, n int, blend *byte, add bool) {
	switch rows {
	case 1:
		multiply1NEON(&f.products[0], c, len(src), &src[0], &dst[0], i, n, blend, add)
	case 2:
		multiply2NEON(&f.products[0], c, len(src), &src[0], &dst[0], i, n, blend, add)
	case 3:
		multiply3NEON(&f.products[0], c, len(src), &src[0], &dst[0], i, n, blend, add)
	case 4:
		multiply4NEON(&f.products[0], c, len(src), &src[0], &dst[0], i, n, blend, add)
	}
}

func (l level) mulXor16Region(dst, src []byte, c *prepared16) {
	const unit = 32
	if l != neon || len(dst) < unit {
		goMulXor16(dst, src, c)
		return
	}
	whole := len(dst) / unit * unit
	mulXor16NEON(&dst[0], &src[0], &c[0], whole, &blends[64])
	if left := len(dst) - whole; left > 0 {
		i := len(dst) - unit
		mulXor16NEON(&dst[i], &src[i], &c[0], unit, &blends[64-unit+left])
	}
}

func (l level) multiply16Regions(rows []prepared16, dst, src [][]byte, add bool) {
	multiplyEach16(l, rows, dst, src, add)
}
