// Package kernel has the inner loops of the FEC schemes: sums of symbols over GF(2), and products of symbols with
// coefficients and with matrices over GF(2^m), m = 2…16 (RFC 5510, section 8.1; RFC 6330, section 5.7; RFC 5170,
// section 4).
//
// # Use
//
//	kernel.SumRows(symbol, slab, stride, rows)    // symbol ^= the sum of some rows of a slab
//	kernel.MulXor(symbol, other, c)               // symbol ^= c*other over GF(2^8)/0x11D
//	kernel.NewMatrix(rows).Mul(repair, source)    // all repair symbols of a Reed-Solomon source block
//	kernel.NewMatrix16(rows, 0x1100b).Mul(…)      // the same over GF(2^16)
//
// A symbol is a slice of bytes of any length and alignment. All symbols of one call have the same length; a destination
// overlaps no other argument, except where it is said. Sums are fastest on rows that start at multiples of 64 bytes:
// where symbols of 1400 bytes are kept in memory of one's own, a stride of 1408 is worth it. Prefer one call of many
// sources to many calls of one: a destination is then read and written only once.
//
// Nothing here allocates, besides New functions and Reset where more memory is needed. Functions are safe for
// concurrent use, and so are a Matrix and a Matrix16 that nobody changes. What a caller does wrong (lengths that
// differ, a row outside of the slab) panics: lengths from the network are to be checked before.
//
// # Implementations
//
// The CPU decides, once: AVX-512 with GFNI, or AVX2, on amd64; NEON on arm64; elsewhere crypto/subtle and
// klauspost/reedsolomon. With the build tag purego all is Go. All of them run in the tests, against each other and
// against multiplication bit by bit. The assembly for amd64 is generated, by `go generate` here; the module in
// internal/asm makes it.
//
// # Limitations
//
// Time does not depend on data except where a coefficient is 0 or 1, but nothing here is meant for secrets.
package kernel
