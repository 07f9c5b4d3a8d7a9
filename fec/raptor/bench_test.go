package raptor

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/fectest"
)

var benchSizes = []int{10, 100, 1000, 8192}

// benchLength is T, bytes.
const benchLength = 1400

// BenchmarkEncode computes the intermediate symbols and five repair symbols for each hundred source symbols.
func BenchmarkEncode(b *testing.B) {
	for _, k := range benchSizes {
		for _, cached := range []bool{true, false} {
			b.Run(fmt.Sprintf("K=%d/cached=%v", k, cached), func(b *testing.B) {
				source := fectest.Source(k, benchLength)
				enc := newTestEncoder(b, New(Config{}), k, benchLength, source)
				repair := make([]byte, 0, benchLength)
				b.SetBytes(int64(len(source)))
				b.ReportAllocs()
				for b.Loop() {
					if !cached {
						enc = newTestEncoder(b, New(Config{}), k, benchLength, source)
					}
					if err := enc.Reset(source); err != nil {
						b.Fatal(err)
					}
					for i := range (k + 19) / 20 {
						if _, err := enc.AppendRepair(repair, fec.ESI(k+i)); err != nil {
							b.Fatal(err)
						}
					}
				}
			})
		}
	}
}

// BenchmarkRepair makes repair symbols of a block that is encoded.
func BenchmarkRepair(b *testing.B) {
	for _, k := range benchSizes {
		b.Run(fmt.Sprintf("K=%d", k), func(b *testing.B) {
			enc := newTestEncoder(b, New(Config{}), k, benchLength, fectest.Source(k, benchLength))
			repair := make([]byte, 0, benchLength)
			b.SetBytes(benchLength)
			b.ReportAllocs()
			for esi := fec.ESI(k); b.Loop(); esi++ {
				if esi == modulus {
					esi = fec.ESI(k)
				}
				if _, err := enc.AppendRepair(repair, esi); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDecode recovers what was lost with as many repair symbols as it takes, in a decoder of its own each time.
func BenchmarkDecode(b *testing.B) {
	for _, k := range benchSizes {
		for _, percent := range []int{0, 1, 5, 20, 100} {
			b.Run(fmt.Sprintf("K=%d/loss=%d%%", k, percent), func(b *testing.B) { benchDecode(b, k, percent) })
		}
	}
}

func benchDecode(b *testing.B, k, percent int) {
	s := New(Config{})
	o := testOTI(k, benchLength)
	source := fectest.Source(k, benchLength)
	enc := newTestEncoder(b, s, k, benchLength, source)
	lost := rand.New(rand.NewPCG(1, 2)).Perm(k)[:(k*percent+99)/100]
	var repair []fec.Symbol
	for i := range len(lost) {
		repair = append(repair, repairOf(b, enc, uint32(k+i)))
	}
	symbols := fectest.Lossy(source, k, benchLength, lost)
	recovers := func() bool {
		dec, err := s.NewDecoder(&o, "", uint32(k))
		if err != nil {
			b.Fatal(err)
		}
		for _, i := range lost {
			symbols[i] = symbols[i][:0]
		}
		return dec.Recover(symbols, repair) == nil
	}
	for !recovers() {
		repair = append(repair, repairOf(b, enc, uint32(k+len(repair))))
	}
	b.SetBytes(int64(len(source)))
	b.ReportAllocs()
	for b.Loop() {
		if !recovers() {
			b.Fatal("not recovered")
		}
	}
}

// BenchmarkSolve finds out, for a fifth lost, that the symbols do not suffice, and with one more that they do.
func BenchmarkSolve(b *testing.B) {
	for _, k := range benchSizes {
		for _, percent := range []int{5, 20, 100} {
			b.Run(fmt.Sprintf("K=%d/loss=%d%%", k, percent), func(b *testing.B) {
				s := New(Config{})
				var lost, repair []fec.ESI
				for i := range (k*percent + 99) / 100 {
					lost = append(lost, fec.ESI(i*100/percent))
					repair = append(repair, fec.ESI(k+i))
				}
				b.ReportAllocs()
				for b.Loop() {
					_ = newTestDecoder(b, s, k, benchLength).Solve(lost, repair)
				}
			})
		}
	}
}
