//go:build !purego && (amd64 || arm64)

package kernel

// firstCache is what of a first-level cache the sources of a product may take, in bytes.
const firstCache = 24 << 10

// What shuffles of 16 bytes keep in registers: so many bytes of so many rows.
const (
	shuffleStrip = 64
	shuffleRows  = 4
)

// blends has a mask of the last n of 64 bytes at n, n up to 64.
var blends = func() (b [128]byte) {
	for i := 64; i < len(b); i++ {
		b[i] = 0xff
	}
	return b
}()

// stripOf returns how many bytes of symbols are multiplied with all rows before the next ones: all of them where the
// sources stay in the first-level cache meanwhile, else one strip.
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

// shuffleRegions multiplies by shuffles. Symbols have at least a strip.
func shuffleRegions(f *Field, rows []byte, dst, src [][]byte, add bool) {
	size := len(dst[0])
	whole := size / shuffleStrip * shuffleStrip
	strip := stripOf(whole, len(src), shuffleStrip)
	for i := 0; i < whole; i += strip {
		shuffleGroups(f, rows, dst, src, i, min(whole-i, strip), shuffleStrip, add)
	}
	// What is left ends a strip whose other bytes are done already.
	if whole < size {
		shuffleGroups(f, rows, dst, src, size-shuffleStrip, shuffleStrip, size-whole, add)
	}
}

// shuffleGroups multiplies with all rows: bytes i to i+n, of which so many of each strip are written that come last.
func shuffleGroups(f *Field, rows []byte, dst, src [][]byte, i, n, last int, add bool) {
	for r := 0; r < len(dst); {
		g := group(len(dst)-r, shuffleRows)
		shuffleGroup(g, f, &rows[r*len(src)], dst[r:], src, i, n, &blends[last], add)
		r += g
	}
}
