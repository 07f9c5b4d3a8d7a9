package kernel

import (
	"crypto/subtle"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/klauspost/reedsolomon"
)

// The yardsticks are crypto/subtle and klauspost/reedsolomon (LowLevel, and New and Encode), in the same run: figures
// of shared machines mean little.

var sizes = []int{256, 1400, 4096}

func benchmarkLevels(b *testing.B, bytes int, f func(l level)) {
	for _, l := range slices.Compact(append([]level{portable}, levels()...)) {
		benchmark(b, l.String(), bytes, func() { f(l) })
	}
}

func benchmark(b *testing.B, name string, bytes int, f func()) {
	b.Run(name, func(b *testing.B) {
		b.SetBytes(int64(bytes))
		b.ReportAllocs()
		for b.Loop() {
			f()
		}
	})
}

func benchSymbols(n, size int) [][]byte {
	r := rand.New(rand.NewPCG(6, 1))
	all := make([]byte, n*size)
	fill(r, all)
	return slices.Collect(slices.Chunk(all, size))
}

func BenchmarkXor(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprint("T=", size), func(b *testing.B) {
			s := benchSymbols(2, size)
			benchmark(b, "subtle", size, func() { subtle.XORBytes(s[0], s[0], s[1]) })
			benchmarkLevels(b, size, func(l level) { l.xor(s[0], s[1]) })
		})
	}
}

// BenchmarkSum adds five symbols to one, in bytes of sources.
func BenchmarkSum(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprint("T=", size), func(b *testing.B) {
			s := benchSymbols(6, size)
			benchmark(b, "subtle", 5*size, func() {
				for _, t := range s[1:] {
					subtle.XORBytes(s[0], s[0], t)
				}
			})
			benchmarkLevels(b, 5*size, func(l level) { l.sum(s[0], s[1:], true) })
		})
	}
}

// BenchmarkSumRows adds five of 1000 rows to a sixth, in bytes of sources.
func BenchmarkSumRows(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprint("T=", size), func(b *testing.B) {
			const count = 1000
			stride := (size + 63) / 64 * 64
			slab := make([]byte, count*stride)
			r := rand.New(rand.NewPCG(6, 2))
			var rows [count][6]uint32
			for i := range rows {
				for j := range rows[i] {
					rows[i][j] = r.Uint32N(count)
				}
			}
			row := func(i uint32) []byte { return slab[int(i)*stride:][:size] }
			i := 0
			benchmark(b, "subtle", 5*size, func() {
				i = (i + 1) % count
				d := row(rows[i][5])
				for _, s := range rows[i][:5] {
					subtle.XORBytes(d, d, row(s))
				}
			})
			benchmarkLevels(b, 5*size, func(l level) {
				i = (i + 1) % count
				l.sumRows(row(rows[i][5]), slab, stride, rows[i][:5], true)
			})
		})
	}
}

func BenchmarkMulXor(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprint("T=", size), func(b *testing.B) {
			s := benchSymbols(2, size)
			var klauspost reedsolomon.LowLevel
			benchmark(b, "LowLevel", size, func() { klauspost.GalMulSliceXor(7, s[1], s[0]) })
			benchmarkLevels(b, size, func(l level) { l.mulXor(gf256, s[0], s[1], 7) })
		})
	}
}

func BenchmarkAlphaXor(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprint("T=", size), func(b *testing.B) {
			s := benchSymbols(2, size)
			benchmarkLevels(b, size, func(l level) { l.alphaXor(s[0], s[1]) })
		})
	}
}

// BenchmarkMatrix makes the p repair symbols of k source symbols, in bytes of source symbols.
func BenchmarkMatrix(b *testing.B) {
	for _, shape := range [][2]int{{10, 4}, {64, 16}, {200, 50}} {
		for _, size := range sizes {
			k, p := shape[0], shape[1]
			b.Run(fmt.Sprintf("k=%d/p=%d/T=%d", k, p, size), func(b *testing.B) {
				s := benchSymbols(k+p, size)
				klauspost, err := reedsolomon.New(k, p, reedsolomon.WithMaxGoroutines(1))
				if err != nil {
					b.Fatal(err)
				}
				benchmark(b, "Encode", k*size, func() {
					if err := klauspost.Encode(s); err != nil {
						b.Fatal(err)
					}
				})
				m := NewMatrix(randomMatrix(rand.New(rand.NewPCG(6, 3)), p, k))
				benchmarkLevels(b, k*size, func(l level) {
					m.level = l
					m.Mul(s[k:], s[:k])
				})
			})
		}
	}
}

func BenchmarkMulXor16(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprint("T=", size), func(b *testing.B) {
			s := benchSymbols(2, size)
			for _, l := range levels() {
				c := l.coefficient16(0x1234, 0x1100B)
				benchmark(b, l.String(), size, func() { MulXor16(s[0], s[1], c) })
			}
		})
	}
}

// BenchmarkMatrix16 makes p repair symbols of k source symbols over GF(2^16), in bytes of source symbols.
func BenchmarkMatrix16(b *testing.B) {
	for _, shape := range [][2]int{{20, 5}, {300, 60}} {
		for _, size := range sizes {
			k, p := shape[0], shape[1]
			b.Run(fmt.Sprintf("k=%d/p=%d/T=%d", k, p, size), func(b *testing.B) {
				s, r := benchSymbols(k+p, size), rand.New(rand.NewPCG(6, 4))
				rows := make([][]uint16, p)
				for i := range rows {
					rows[i] = make([]uint16, k)
					for j := range rows[i] {
						rows[i][j] = uint16(r.Uint32())
					}
				}
				for _, l := range levels() {
					m := l.newMatrix16(rows, 0x1100B)
					benchmark(b, l.String(), k*size, func() { m.Mul(s[k:], s[:k]) })
				}
			})
		}
	}
}

// BenchmarkSetRow prepares a row of 300 coefficients.
func BenchmarkSetRow(b *testing.B) {
	row := make([]uint16, 300)
	for i := range row {
		row[i] = uint16(i * 977)
	}
	for _, l := range levels() {
		m := l.newMatrix16([][]uint16{row}, 0x1100B)
		benchmark(b, l.String(), 0, func() { m.SetRow(0, row) })
	}
}
