//go:build !purego

package kernel

// What the functions for AVX-512 keep in registers: so many bytes of so many rows.
const (
	stripAVX512  = 256
	rowsAVX512   = 5
	rows16AVX512 = 4
)

func (l level) multiplyRegions(f *Field, rows []byte, dst, src [][]byte, add bool) {
	size := len(dst[0])
	switch {
	case l == avx512:
		strip := stripOf(size, len(src), stripAVX512)
		for i := 0; i < size; i += strip {
			n := min(size-i, strip)
			for r := 0; r < len(dst); {
				g := group(len(dst)-r, rowsAVX512)
				multiplyAVX512(g, f, &rows[r*len(src)], dst[r:], src, i, n, add)
				r += g
			}
		}
	case l == avx2 && size >= shuffleStrip:
		shuffleRegions(f, rows, dst, src, add)
	default:
		multiplyEach(l, f, rows, dst, src, add)
	}
}

func multiplyAVX512(rows int, f *Field, c *byte, dst, src [][]byte, i, n int, add bool) {
	switch rows {
	case 1:
		multiply1AVX512(&f.affine[0], c, len(src), &src[0], &dst[0], i, n, add)
	case 2:
		multiply2AVX512(&f.affine[0], c, len(src), &src[0], &dst[0], i, n, add)
	case 3:
		multiply3AVX512(&f.affine[0], c, len(src), &src[0], &dst[0], i, n, add)
	case 4:
		multiply4AVX512(&f.affine[0], c, len(src), &src[0], &dst[0], i, n, add)
	case 5:
		multiply5AVX512(&f.affine[0], c, len(src), &src[0], &dst[0], i, n, add)
	}
}

func shuffleGroup(rows int, f *Field, c *byte, dst, src [][]byte, i, n int, blend *byte, add bool) {
	switch rows {
	case 1:
		multiply1AVX2(&f.products[0], c, len(src), &src[0], &dst[0], i, n, blend, add)
	case 2:
		multiply2AVX2(&f.products[0], c, len(src), &src[0], &dst[0], i, n, blend, add)
	case 3:
		multiply3AVX2(&f.products[0], c, len(src), &src[0], &dst[0], i, n, blend, add)
	case 4:
		multiply4AVX2(&f.products[0], c, len(src), &src[0], &dst[0], i, n, blend, add)
	}
}
