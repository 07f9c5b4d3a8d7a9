//go:build unix

package kernel

import (
	"math/rand/v2"
	"os"
	"slices"
	"syscall"
	"testing"
)

// page returns a slice of n bytes that ends where memory ends: reading or writing a byte beyond it crashes the test.
// With before it begins where memory begins instead.
func page(t *testing.T, n int, before bool) []byte {
	t.Helper()
	size := os.Getpagesize()
	whole := (n + size - 1) / size * size
	m, err := syscall.Mmap(-1, 0, whole+2*size, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Skip("mmap:", err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(m); err != nil {
			t.Error(err)
		}
	})
	for _, guard := range [][]byte{m[:size], m[size+whole:]} {
		if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
			t.Skip("mprotect:", err)
		}
	}
	if before {
		return m[size : size+n : size+n]
	}
	return m[size+whole-n : size+whole : size+whole]
}

// TestPages proves that nothing is read or written outside of what is given, not even by a load that is thrown away.
func TestPages(t *testing.T) {
	eachLevel(t, func(t *testing.T, l level) {
		r := rand.New(rand.NewPCG(7, 1))
		sizes := []int{384, 385, 400, 415, 416, 769, 1400, 1408, 1536, 1537, 4096}
		for n := 1; n < 300; n++ {
			sizes = append(sizes, n)
		}
		const most = 4096
		for _, before := range []bool{false, true} {
			var all [10][]byte
			for i := range all {
				all[i] = page(t, most, before)
				fill(r, all[i])
			}
			matrix := NewMatrix(randomMatrix(r, 7, 3))
			matrix.level = l
			c := l.coefficient16(0x1234, 0x1100B)
			matrix16 := l.newMatrix16([][]uint16{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}, {10, 11, 12}, {13, 14, 15}, {
				16, 17, 18,
			}, {19, 20, 21}}, 0x1100B)
			for _, n := range sizes {
				part := slices.Clone(all[:])
				for i := range part {
					if before {
						part[i] = part[i][:n:n]
					} else {
						part[i] = part[i][most-n:]
					}
				}
				dst, src := part[:7], part[7:]
				l.xor(dst[0], src[0])
				l.sum(dst[0], src, true)
				l.sumRows(dst[0], src[0], 0, []uint32{0, 1}, true)
				l.sumRows(dst[0], src[0], 1, []uint32{0}, false)
				l.mulXor(gf256, dst[0], src[0], 7)
				l.mul(gf256, dst[0], 7)
				l.alphaXor(dst[0], src[0])
				matrix.Mul(dst, src)
				matrix.MulXor(dst, src)
				if n%2 == 0 {
					MulXor16(dst[0], src[0], c)
					matrix16.Mul(dst, src)
					matrix16.MulXor(dst, src)
				}
			}
		}
	})
}
