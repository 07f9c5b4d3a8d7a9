package ldpc

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/flute-node/flute-node/fec"
)

const benchLength = 1400

func benchCases(b *testing.B, do func(b *testing.B, id fec.EncodingID, k, n1 int)) {
	for _, id := range ids {
		for _, n1 := range []int{3, 7} {
			for _, k := range []int{100, 1000, 5000, 50_000} {
				b.Run(fmt.Sprintf("%v/N1=%d/k=%d", id, n1, k), func(b *testing.B) { do(b, id, k, n1) })
			}
		}
	}
}

// BenchmarkEncode makes half as many repair symbols as there are source symbols.
func BenchmarkEncode(b *testing.B) {
	benchCases(b, func(b *testing.B, id fec.EncodingID, k, n1 int) {
		o := otiOf(id, k, k*3/2, n1, 1, benchLength)
		source := random(rand.New(rand.NewPCG(1, 1)), k*benchLength)
		e, err := New(Config{}).NewEncoder(&o, "", uint32(k), source)
		if err != nil {
			b.Fatal(err)
		}
		room := make([]byte, 0, benchLength)
		b.SetBytes(int64(len(source)))
		b.ReportAllocs()
		for b.Loop() {
			_ = e.(*Encoder).Reset(source)
			_, _ = e.AppendRepair(room, fec.ESI(k))
		}
	})
}

func BenchmarkMatrix(b *testing.B) {
	benchCases(b, func(b *testing.B, id fec.EncodingID, k, n1 int) {
		b.ReportAllocs()
		for b.Loop() {
			newMatrix(params{k, k * 3 / 2, n1, 1, id == fec.LDPCTriangle})
		}
	})
}

// BenchmarkDecode decodes what is left of all encoding symbols: at 20 % loss 1.2 times k.
func BenchmarkDecode(b *testing.B) {
	for _, loss := range []float64{.01, .05, .2} {
		b.Run(fmt.Sprint(loss), func(b *testing.B) {
			benchCases(b, func(b *testing.B, id fec.EncodingID, k, n1 int) {
				rng := rand.New(rand.NewPCG(1, 1))
				s := New(Config{})
				bl := newBlock(b, s, rng, id, k, k*3/2, n1, benchLength)
				benchRecover(b, s, bl, rng.Perm(bl.n)[:int(float64(bl.n)*(1-loss))])
			})
		})
	}
}

// BenchmarkDecodeLeast decodes the least number of symbols, in random order, that suffices.
func BenchmarkDecodeLeast(b *testing.B) {
	benchCases(b, func(b *testing.B, id fec.EncodingID, k, n1 int) {
		rng := rand.New(rand.NewPCG(1, 1))
		s := New(Config{})
		bl := newBlock(b, s, rng, id, k, k*3/2, n1, benchLength)
		symbols := least(b, s, bl, rng.Perm(bl.n))
		benchRecover(b, s, bl, symbols)
		b.ReportMetric(100*float64(len(symbols)-k)/float64(k), "%more")
	})
}

func benchRecover(b *testing.B, s *Scheme, bl *block, received []int) {
	source, repair := bl.received(received)
	lost := make([]int, 0, bl.k)
	for i, x := range source {
		if len(x) == 0 {
			lost = append(lost, i)
		}
	}
	b.SetBytes(int64(bl.k * benchLength))
	b.ReportAllocs()
	for b.Loop() {
		d, _ := s.NewDecoder(&bl.o, "", uint32(bl.k))
		if err := d.Recover(source, repair); err != nil {
			b.Fatal(err)
		}
		for _, i := range lost {
			source[i] = source[i][:0]
		}
	}
}
