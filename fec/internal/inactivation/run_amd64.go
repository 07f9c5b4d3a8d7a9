//go:build !purego

package inactivation

import "golang.org/x/sys/cpu"

// The factors of a running sum, as VGF2P8AFFINEQB wants them.
const (
	affineOne   = 0x0102040810204080
	affineAlpha = 0x8001828488102040
)

//go:noescape
func sums64AVX512(code, end *uint16, slab *byte, inputs *[]byte, off int, lost *[]byte)

//go:noescape
func sums128AVX512(code, end *uint16, slab *byte, inputs *[]byte, off int, lost *[]byte)

//go:noescape
func sums256AVX512(code, end *uint16, slab *byte, inputs *[]byte, off int, lost *[]byte)

//go:noescape
func sums64AVX2(code, end *uint16, slab *byte, inputs *[]byte, off int, lost *[]byte)

//go:noescape
func sums128AVX2(code, end *uint16, slab *byte, inputs *[]byte, off int, lost *[]byte)

//go:noescape
func sums256AVX2(code, end *uint16, slab *byte, inputs *[]byte, off int, lost *[]byte)

//go:noescape
func running64AVX512(pairs *[2]uint8, n int, slab, acc *byte, factor uint64, sum *byte)

//go:noescape
func running128AVX512(pairs *[2]uint8, n int, slab, acc *byte, factor uint64, sum *byte)

//go:noescape
func running256AVX512(pairs *[2]uint8, n int, slab, acc *byte, factor uint64, sum *byte)

//go:noescape
func running64AVX2(pairs *[2]uint8, n int, slab, acc *byte, factor uint64, sum *byte)

//go:noescape
func running128AVX2(pairs *[2]uint8, n int, slab, acc *byte, factor uint64, sum *byte)

//go:noescape
func running256AVX2(pairs *[2]uint8, n int, slab, acc *byte, factor uint64, sum *byte)

// levels returns the implementations that the CPU can run, the best last.
func levels() []level {
	l := []level{portable}
	if cpu.X86.HasAVX2 {
		l = append(l, avx2)
	}
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512GFNI {
		l = append(l, avx512)
	}
	return l
}

// sums computes sums, of which there is at least one, and reports false if it is not implemented.
func (l level) sums(code, end *uint16, slab *byte, width int, inputs *[]byte, off int, lost *[]byte) bool {
	switch {
	case l == avx512 && width == 64:
		sums64AVX512(code, end, slab, inputs, off, lost)
	case l == avx512 && width == 128:
		sums128AVX512(code, end, slab, inputs, off, lost)
	case l == avx512 && width == 256:
		sums256AVX512(code, end, slab, inputs, off, lost)
	case l == avx2 && width == 64:
		sums64AVX2(code, end, slab, inputs, off, lost)
	case l == avx2 && width == 128:
		sums128AVX2(code, end, slab, inputs, off, lost)
	case l == avx2 && width == 256:
		sums256AVX2(code, end, slab, inputs, off, lost)
	default:
		return false
	}
	return true
}

// running adds the running sum of n columns to two rows of acc after each of them, and sets sum to that of one column
// more. It reports false if it is not implemented.
func (l level) running(pairs *[2]uint8, n int, slab, acc *byte, width int, alpha bool, sum *byte) bool {
	factor := uint64(affineOne)
	if alpha {
		factor = affineAlpha
	}
	if l == avx2 && !alpha {
		factor = 0
	}
	switch {
	case l == avx512 && width == 64:
		running64AVX512(pairs, n, slab, acc, factor, sum)
	case l == avx512 && width == 128:
		running128AVX512(pairs, n, slab, acc, factor, sum)
	case l == avx512 && width == 256:
		running256AVX512(pairs, n, slab, acc, factor, sum)
	case l == avx2 && width == 64:
		running64AVX2(pairs, n, slab, acc, factor, sum)
	case l == avx2 && width == 128:
		running128AVX2(pairs, n, slab, acc, factor, sum)
	case l == avx2 && width == 256:
		running256AVX2(pairs, n, slab, acc, factor, sum)
	default:
		return false
	}
	return true
}
