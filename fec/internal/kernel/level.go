package kernel

// level is an implementation. What the CPU has is found out once: see active.
type level uint8

const (
	portable level = iota // Go
	// Go, and klauspost/reedsolomon for products over GF(2^8), which has its own assembly for some CPUs
	library
	avx2
	avx512 // with GFNI
	neon
)

// String returns the name of an implementation.
func (l level) String() string { return [...]string{"go", "klauspost", "avx2", "avx512", "neon"}[l] }

// active is the implementation in use.
var active = levels()[len(levels())-1]

// What callers do wrong.
const (
	errLengths = "kernel: lengths differ"
	errOdd     = "kernel: odd length of symbols of 16-bit elements"
	errRow     = "kernel: row outside of the slab"
	errShape   = "kernel: not as many symbols as the matrix has rows or columns"
)
