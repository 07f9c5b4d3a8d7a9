package rs

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/flute-node/flute-node/fec"
)

func BenchmarkEncode(b *testing.B) {
	for _, size := range []struct{ k, p int }{{64, 16}, {200, 50}} {
		for _, reuse := range []bool{true, false} {
			b.Run(fmt.Sprintf("k=%d/p=%d/reset=%v", size.k, size.p, reuse), func(b *testing.B) {
				const length = 1400
				s := New()
				o := testOTI(size.k, size.p, length)
				source := testSource(size.k, length)
				enc, err := s.NewEncoder(&o, Rizzo, uint32(size.k), source)
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(len(source)))
				b.ReportAllocs()
				symbol := make([]byte, 0, length)
				for b.Loop() {
					if reuse {
						err = enc.(*Encoder).Reset(source)
					} else {
						enc, err = s.NewEncoder(&o, Rizzo, uint32(size.k), source)
					}
					if err != nil {
						b.Fatal(err)
					}
					for i := range size.p {
						if _, err := enc.AppendRepair(symbol, fec.ESI(size.k+i)); err != nil {
							b.Fatal(err)
						}
					}
				}
			})
		}
	}
}

// BenchmarkRecover recovers p lost source symbols of k.
func BenchmarkRecover(b *testing.B) {
	for _, size := range []struct{ k, p int }{{64, 4}, {64, 16}, {200, 50}} {
		b.Run(fmt.Sprintf("k=%d/lost=%d", size.k, size.p), func(b *testing.B) {
			const length = 1400
			s := New()
			o := testOTI(size.k, size.p, length)
			source := testSource(size.k, length)
			symbols, repair := split(bytes.Clone(source), length), repairOf(b, s, &o, Rizzo, size.k, source)
			dec, err := s.NewDecoder(&o, Rizzo, uint32(size.k))
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(source)))
			b.ReportAllocs()
			for b.Loop() {
				for i := range size.p {
					symbols[3*i] = symbols[3*i][:0]
				}
				if err := dec.Recover(symbols, repair); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
