package raptorq

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/fectest"
)

const benchLength = 1400

// BenchmarkEncode computes the intermediate symbols and one repair symbol.
func BenchmarkEncode(b *testing.B) {
	for _, k := range []int{10, 100, 1000, 10000, 50000} {
		source := fectest.Source(k, benchLength)
		b.Run(fmt.Sprintf("k=%d/plan=cold", k), func(b *testing.B) {
			b.SetBytes(int64(len(source)))
			b.ReportAllocs()
			for b.Loop() {
				enc := newEncoder(b, New(Config{}), k, benchLength, source)
				if _, err := enc.AppendRepair(nil, fec.ESI(k)); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("k=%d/plan=cached", k), func(b *testing.B) {
			enc := newEncoder(b, New(Config{}), k, benchLength, source)
			symbol := make([]byte, 0, benchLength)
			if _, err := enc.AppendRepair(symbol, fec.ESI(k)); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(source)))
			b.ReportAllocs()
			for b.Loop() {
				if err := enc.Reset(source); err != nil {
					b.Fatal(err)
				}
				if _, err := enc.AppendRepair(symbol, fec.ESI(k)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkPrepare makes 5 % repair symbols at once.
func BenchmarkPrepare(b *testing.B) {
	for _, k := range []int{1000, 6000, 10000, 50000} {
		b.Run(fmt.Sprintf("k=%d", k), func(b *testing.B) {
			source := fectest.Source(k, benchLength)
			enc := newEncoder(b, New(Config{}), k, benchLength, source).(preparing)
			b.SetBytes(int64(len(source)))
			b.ReportAllocs()
			for b.Loop() {
				if err := enc.Reset(source); err != nil {
					b.Fatal(err)
				}
				if err := enc.Prepare(fec.ESI(k), k/20); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRepair makes one repair symbol after the other.
func BenchmarkRepair(b *testing.B) {
	for _, k := range []int{10, 1000, 50000} {
		b.Run(fmt.Sprintf("k=%d", k), func(b *testing.B) {
			enc := newEncoder(b, New(Config{}), k, benchLength, fectest.Source(k, benchLength))
			symbol := make([]byte, 0, benchLength)
			if _, err := enc.AppendRepair(symbol, fec.ESI(k)); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(benchLength)
			b.ReportAllocs()
			esi := fec.ESI(k)
			for b.Loop() {
				if _, err := enc.AppendRepair(symbol, esi); err != nil {
					b.Fatal(err)
				}
				if esi++; esi == maxESI {
					esi = fec.ESI(k)
				}
			}
		})
	}
}

// BenchmarkDecode recovers what was lost, with two repair symbols more than needed.
func BenchmarkDecode(b *testing.B) {
	for _, k := range []int{10, 100, 1000, 10000, 50000} {
		for _, loss := range []float64{0, 0.01, 0.05, 0.2, 1} {
			b.Run(fmt.Sprintf("k=%d/loss=%g", k, loss), func(b *testing.B) {
				r := rand.New(rand.NewPCG(1, uint64(k)))
				s := New(Config{})
				block := lose(b, r, s, k, benchLength, loss, 2)
				dec := block.decoder(b, s)
				recovered := func() {
					for _, i := range block.lost {
						block.symbols[i] = block.symbols[i][:0]
					}
					if err := dec.Recover(block.symbols, block.repair); err != nil {
						b.Fatal(err)
					}
				}
				recovered()
				if !bytes.Equal(bytes.Join(block.symbols, nil), block.source) {
					b.Fatal("other bytes")
				}
				b.SetBytes(int64(k * benchLength))
				b.ReportAllocs()
				for b.Loop() {
					recovered()
				}
			})
		}
	}
}
