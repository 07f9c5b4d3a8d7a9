//go:build !purego

package kernel

// firstCache is what of a first-level cache the sources of a product may take, in bytes.
const firstCache = 24 << 10

// What the functions for products keep in registers: so many bytes of so many rows.
const (
	stripAVX2     = 64
	stripAVX512   = 256
	rowsAVX2      = 4
	rowsAVX512    = 6
	rows16xAVX512 = 4
)

// blends has a mask of the last n of 64 bytes at n, n up to 64.
var blends = func() (b [128]byte) {
	for i := 64; i < len(b); i++ {
		b[i] = 0xff
	}
	return b
}()

// stripOf returns how many bytes of symbols are multiplied with all rows before the next ones: all of them where the sources
// stay in the first-level cache meanwhile, else one strip.
func stripOf(size, sources, strip int) int {
	if size*sources <= firstCache {
		return max(size, strip)
	}
	return strip
}

// group returns how many of the rows left come next, of at most so many at once: groups are of nearly the same size.
func group(left, most int) int {
	groups := (left + most - 1) / most
	return (left + groups - 1) / groups
}

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
	case l == avx2 && size >= stripAVX2:
		strip, whole := stripOf(size, len(src), stripAVX2), size/stripAVX2*stripAVX2
		strip = strip / stripAVX2 * stripAVX2
		for i := 0; i < whole; i += strip {
			multiplyStripAVX2(f, rows, dst, src, i, min(whole-i, strip), stripAVX2, add)
		}
		// What is left ends a strip whose other bytes are done already.
		if whole < size {
			multiplyStripAVX2(f, rows, dst, src, size-stripAVX2, stripAVX2, size-whole, add)
		}
	default:
		goMultiply(f, rows, dst, src, add)
	}
}

// multiplyStripAVX2 multiplies with all rows: bytes i to i+n, of which those of each strip are written that come last.
func multiplyStripAVX2(f *Field, rows []byte, dst, src [][]byte, i, n, last int, add bool) {
	for r := 0; r < len(dst); {
		g := group(len(dst)-r, rowsAVX2)
		multiplyAVX2(g, f, &rows[r*len(src)], dst[r:], src, i, n, &blends[last], add)
		r += g
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
	case 6:
		multiply6AVX512(&f.affine[0], c, len(src), &src[0], &dst[0], i, n, add)
	}
}

func multiplyAVX2(rows int, f *Field, c *byte, dst, src [][]byte, i, n int, blend *byte, add bool) {
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
