package rs

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/klauspost/reedsolomon"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/fectest"
)

var benchSizes = []struct {
	m    uint
	k, p int
}{{8, 10, 4}, {8, 64, 16}, {8, 200, 50}, {16, 10, 5}, {16, 300, 60}, {16, 3000, 60}, {4, 10, 5}, {7, 64, 16}, {
	12, 300, 60,
}}

// benchLength is a usual symbol length, a multiple of 64 it is not; nor are its bits a multiple of every m.
func benchLength(m uint) int {
	length := 1400
	for length*8%int(m) != 0 {
		length--
	}
	return length
}

// BenchmarkEncode makes all repair symbols of block after block.
func BenchmarkEncode(b *testing.B) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprintf("m=%d/k=%d/p=%d", size.m, size.k, size.p), func(b *testing.B) {
			s, length := New(), benchLength(size.m)
			o := oti2m(size.m, size.k, size.p, length)
			source := fectest.Source(size.k, length)
			enc, err := s.NewEncoder(&o, Rizzo, uint32(size.k), source)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(source)))
			b.ReportAllocs()
			symbol := make([]byte, 0, length)
			for b.Loop() {
				if err := enc.Reset(source); err != nil {
					b.Fatal(err)
				}
				for i := range size.p {
					if _, err := enc.AppendRepair(symbol, fec.ESI(size.k+i)); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
		if size.m == 8 {
			b.Run(fmt.Sprintf("klauspost/k=%d/p=%d", size.k, size.p),
				func(b *testing.B) { benchKlauspost(b, size.k, size.p, true) })
		}
	}
}

// BenchmarkEncodeCold makes the repair symbols of one block, with nothing prepared but the tables of the field.
func BenchmarkEncodeCold(b *testing.B) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprintf("m=%d/k=%d/p=%d", size.m, size.k, size.p), func(b *testing.B) {
			s, length := New(), benchLength(size.m)
			o := oti2m(size.m, size.k, size.p, length)
			source := fectest.Source(size.k, length)
			b.SetBytes(int64(len(source)))
			b.ReportAllocs()
			symbol := make([]byte, 0, length)
			for b.Loop() {
				s.plans.entries, s.plans.keys, s.plans.bytes = map[planKey]*plan{}, nil, 0
				enc, err := s.NewEncoder(&o, Rizzo, uint32(size.k), source)
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

// BenchmarkRecover recovers p lost source symbols of k, other ones each time: no matrix is there yet.
func BenchmarkRecover(b *testing.B) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprintf("m=%d/k=%d/lost=%d", size.m, size.k, size.p), func(b *testing.B) {
			s, length := New(), benchLength(size.m)
			o := oti2m(size.m, size.k, size.p, length)
			source := fectest.Source(size.k, length)
			symbols, repair := fectest.Split(bytes.Clone(source), length), repairOf(b, s, &o, Rizzo, size.k, source)
			dec, err := s.NewDecoder(&o, Rizzo, uint32(size.k))
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(source)))
			b.ReportAllocs()
			for b.Loop() {
				for i := range size.p {
					symbols[i*size.k/size.p] = symbols[i*size.k/size.p][:0]
				}
				if err := dec.Recover(symbols, repair); err != nil {
					b.Fatal(err)
				}
			}
		})
		if size.m == 8 {
			b.Run(fmt.Sprintf("klauspost/k=%d/lost=%d", size.k, size.p),
				func(b *testing.B) { benchKlauspost(b, size.k, size.p, false) })
		}
	}
}

// benchKlauspost is the yardstick: klauspost/reedsolomon with the same matrix, for symbols of 1408 bytes, where it is
// not slowed down by what is left behind its lanes, and 1400 bytes of each counted. It recovers with an inverted matrix
// that it has cached.
func benchKlauspost(b *testing.B, k, p int, encode bool) {
	const length = 1408
	rows := make([][]byte, p)
	for i, row := range repairRows(newCode(8), Rizzo, k, p) {
		for _, c := range row {
			rows[i] = append(rows[i], byte(c))
		}
	}
	c, err := reedsolomon.New(k, p, reedsolomon.WithCustomMatrix(rows), reedsolomon.WithMaxGoroutines(1))
	if err != nil {
		b.Fatal(err)
	}
	symbols := fectest.Split(append(fectest.Source(k, length), make([]byte, p*length)...), length)
	if err := c.Encode(symbols); err != nil {
		b.Fatal(err)
	}
	view := slices.Clone(symbols)
	b.SetBytes(int64(k * 1400))
	b.ReportAllocs()
	for b.Loop() {
		if encode {
			err = c.Encode(symbols)
		} else {
			copy(view, symbols)
			for i := range p {
				view[i*k/p] = symbols[i*k/p][:0]
			}
			err = c.ReconstructData(view)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
