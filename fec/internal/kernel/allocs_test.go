package kernel

import (
	"math/rand/v2"
	"testing"
)

func TestAllocs(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 1))
	const n = 1400
	src, dst, slab := symbols(r, 6, n), symbols(r, 3, n), make([]byte, 10*n)
	matrix := NewMatrix(randomMatrix(r, 3, 6))
	matrix16 := NewMatrix16([][]uint16{{1, 2, 3, 4, 5, 6}, {7, 8, 9, 10, 11, 12}, {13, 14, 15, 16, 17, 18}}, 0x1100B)
	c := NewCoefficient16(0x1234, 0x1100B)
	for name, f := range map[string]func(){
		"Xor": func() { Xor(dst[0], src[0]) },
		"Sum": func() {
			sources := [...][]byte{src[0], src[1], src[2]}
			Sum(dst[0], sources[:])
		},
		"SumRows": func() {
			rows := [...]uint32{1, 7, 3}
			SumRows(dst[0], slab, n, rows[:])
			SetSumRows(dst[0], slab, n, rows[:])
		},
		"MulXor":   func() { MulXor(dst[0], src[0], 7) },
		"Mul":      func() { Mul(dst[0], 7) },
		"AlphaXor": func() { AlphaXor(dst[0], src[0]) },
		"Matrix":   func() { matrix.Mul(dst, src) },
		"MulXor16": func() { MulXor16(dst[0], src[0], c) },
		"Matrix16": func() { matrix16.MulXor(dst, src) },
	} {
		t.Run(name, func(t *testing.T) {
			if got := testing.AllocsPerRun(10, f); got != 0 {
				t.Fatalf("%v allocations", got)
			}
		})
	}
}
