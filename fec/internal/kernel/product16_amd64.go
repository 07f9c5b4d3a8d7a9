//go:build !purego

package kernel

func (l level) mulXor16Region(dst, src []byte, c *prepared16) {
	switch {
	case l == avx512 && len(dst) > 0:
		multiply16x1AVX512(&c[0], 1, &src, &dst, 0, len(dst), true)
	case l == avx2 && len(dst) >= shuffleStrip:
		whole := len(dst) / shuffleStrip * shuffleStrip
		mulXor16AVX2(&dst[0], &src[0], &c[0], whole, &blends[shuffleStrip])
		if left := len(dst) - whole; left > 0 {
			i := len(dst) - shuffleStrip
			mulXor16AVX2(&dst[i], &src[i], &c[0], shuffleStrip, &blends[left])
		}
	default:
		goMulXor16(dst, src, c)
	}
}

func (l level) multiply16Regions(rows []prepared16, dst, src [][]byte, add bool) {
	if l != avx512 {
		multiplyEach16(l, rows, dst, src, add)
		return
	}
	size := len(dst[0])
	strip := stripOf(size, len(src), stripAVX512)
	for i := 0; i < size; i += strip {
		n := min(size-i, strip)
		for r := 0; r < len(dst); {
			g := group(len(dst)-r, rows16AVX512)
			multiply16AVX512(g, &rows[r*len(src)], dst[r:], src, i, n, add)
			r += g
		}
	}
}

func multiply16AVX512(rows int, c *prepared16, dst, src [][]byte, i, n int, add bool) {
	switch rows {
	case 1:
		multiply16x1AVX512(&c[0], len(src), &src[0], &dst[0], i, n, add)
	case 2:
		multiply16x2AVX512(&c[0], len(src), &src[0], &dst[0], i, n, add)
	case 3:
		multiply16x3AVX512(&c[0], len(src), &src[0], &dst[0], i, n, add)
	case 4:
		multiply16x4AVX512(&c[0], len(src), &src[0], &dst[0], i, n, add)
	}
}
