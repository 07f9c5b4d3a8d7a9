//go:build !purego

package kernel

// xorNEON sets dst to dst ^ src. n is at least 16.
//
//go:noescape
func xorNEON(dst, src *byte, n int)

// mulXorNEON sets dst to dst ^ c*src. c has the products of the coefficient. n is at least 16.
//
//go:noescape
func mulXorNEON(dst, src *byte, c *[2][16]byte, n int)

// mulNEON sets dst to c*dst. c has the products of the coefficient. n is at least 16.
//
//go:noescape
func mulNEON(dst *byte, c *[2][16]byte, n int)

// alphaXorNEON sets dst to c*dst ^ src. c has the products of the coefficient. n is at least 16.
//
//go:noescape
func alphaXorNEON(dst, src *byte, c *[2][16]byte, n int)

// sumRegionsNEON sets dst to the sum of srcs[i][:n], i below count, and of dst if add. n is at least 16, count at least
// 1.
//
//go:noescape
func sumRegionsNEON(dst *byte, n int, srcs *[]byte, count int, add bool)

// sumRowsNEON sets dst to the sum of base[rows[i]*stride:], i below count, and of dst if add. n is at least 16, count
// at least 1.
//
//go:noescape
func sumRowsNEON(dst *byte, n int, base *byte, stride int, rows *uint32, count int, add bool)

// multiply1NEON adds, if add, or sets the products of one row of coefficients and as many sources as there are columns,
// bytes offset to offset+n of each symbol, to dsts. table has the products of each coefficient, n is a multiple of 64,
// and of 64 bytes those are written whose bits are set in blend.
//
//go:noescape
func multiply1NEON(
	table *[2][16]byte, rows *byte, columns int, srcs, dsts *[]byte, offset, n int, blend *byte, add bool,
)

// multiply2NEON is multiply1NEON for two rows.
//
//go:noescape
func multiply2NEON(
	table *[2][16]byte, rows *byte, columns int, srcs, dsts *[]byte, offset, n int, blend *byte, add bool,
)

// multiply3NEON is multiply1NEON for three rows.
//
//go:noescape
func multiply3NEON(
	table *[2][16]byte, rows *byte, columns int, srcs, dsts *[]byte, offset, n int, blend *byte, add bool,
)

// multiply4NEON is multiply1NEON for four rows.
//
//go:noescape
func multiply4NEON(
	table *[2][16]byte, rows *byte, columns int, srcs, dsts *[]byte, offset, n int, blend *byte, add bool,
)

// mulXor16NEON sets dst to dst ^ c*src for elements of 16 bits. c has what becomes of each bit of an element. n is a
// multiple of 32, and of 32 bytes those are written whose bits are set in blend.
//
//go:noescape
func mulXor16NEON(dst, src *byte, c *uint64, n int, blend *byte)
