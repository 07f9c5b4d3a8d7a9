package rs

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

// TestInverseVandermonde derives the generator matrix a second way: the inverse of the square Vandermonde matrix, by
// Gauss-Jordan elimination, times the columns of the repair symbols.
func TestInverseVandermonde(t *testing.T) {
	f := newField()
	mul := func(a, b byte) byte {
		if a == 0 || b == 0 {
			return 0
		}
		return f.exp[f.log[a]+f.log[b]]
	}
	power := func(a byte, n int) byte {
		p := byte(1)
		for range n {
			p = mul(p, a)
		}
		return p
	}
	for _, variant := range []fec.Variant{Rizzo, RFC5510, Backblaze} {
		for _, k := range []int{1, 2, 3, 7, 30, 64} {
			const p = 5
			// One row for each power: [V_kk | V_kp], reduced to [I | V_kk^-1 V_kp].
			m := make([][]byte, k)
			for r := range m {
				m[r] = make([]byte, k+p)
				for j := range m[r] {
					m[r][j] = power(f.point(variant, j), r)
				}
			}
			for c := range k {
				pivot := c
				for m[pivot][c] == 0 {
					pivot++
				}
				m[c], m[pivot] = m[pivot], m[c]
				inverse := f.exp[(order-f.log[m[c][c]])%order]
				for j := range m[c] {
					m[c][j] = mul(m[c][j], inverse)
				}
				for r := range m {
					if factor := m[r][c]; r != c && factor != 0 {
						for j := range m[r] {
							m[r][j] ^= mul(factor, m[c][j])
						}
					}
				}
			}
			for r, row := range repairRows(f, variant, k, p) {
				for i := range row {
					if row[i] != m[i][k+r] {
						t.Fatalf("%s k=%d: coefficient %d of repair symbol %d is %#x, want %#x", variant, k, i, k+r, row[i], m[i][k+r])
					}
				}
			}
		}
	}
}

func TestRecover(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	s := New()
	for _, variant := range s.Variants() {
		for range 200 {
			k := 1 + random.IntN(200)
			p := 1 + random.IntN(255-k)
			length := 1 + random.IntN(100)
			o := fec.OTI{
				EncodingID: fec.ReedSolomonGF28, TransferLength: uint64(k * length), SymbolLength: uint16(length),
				MaxSourceBlockLength: uint32(k), MaxEncodingSymbols: uint32(k + p),
			}
			whole := make([]byte, k*length-random.IntN(length)) // the last symbol may be short
			for i := range whole {
				whole[i] = byte(random.Uint32())
			}
			enc, err := s.NewEncoder(&o, variant, uint32(k), whole)
			if err != nil {
				t.Fatal(err)
			}
			padded := append(bytes.Clone(whole), make([]byte, k*length-len(whole))...)
			source := split(bytes.Clone(padded), length)
			var repair []fec.Symbol
			for _, i := range random.Perm(k)[:random.IntN(min(k, p)+1)] {
				source[i] = source[i][:0]
			}
			lost := 0
			for _, esi := range random.Perm(p) {
				data, err := enc.AppendRepair(nil, fec.ESI(k+esi))
				if err != nil {
					t.Fatal(err)
				}
				repair = append(repair, fec.Symbol{ESI: fec.ESI(k + esi), Data: data})
			}
			for _, symbol := range source {
				if len(symbol) == 0 {
					lost++
				}
			}
			dec, err := s.NewDecoder(&o, variant, uint32(k))
			if err != nil {
				t.Fatal(err)
			}
			if lost > 0 {
				if err := dec.Recover(source, repair[:lost-1]); !errors.Is(err, fec.ErrMoreSymbols) {
					t.Fatalf("one symbol short: %v", err)
				}
			}
			if err := dec.Recover(source, repair[:lost]); err != nil {
				t.Fatalf("%s k=%d p=%d lost=%d: %v", variant, k, p, lost, err)
			}
			if !bytes.Equal(bytes.Join(source, nil), padded) {
				t.Fatalf("%s k=%d p=%d lost=%d: other bytes", variant, k, p, lost)
			}
		}
	}
}

func TestRefused(t *testing.T) {
	s := New()
	for _, o := range []fec.OTI{
		{EncodingID: fec.ReedSolomonGF2m},
		{EncodingID: fec.SmallBlockSystematic, InstanceID: 1},
		{EncodingID: fec.SmallBlockSystematic, TransferLength: 1, MaxSourceBlockLength: 200, MaxEncodingSymbols: 256},
	} {
		if err := s.Supports(&o); !errors.Is(err, flute.ErrOTI) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	o := fec.OTI{EncodingID: fec.ReedSolomonGF28, TransferLength: 80, SymbolLength: 8, MaxSourceBlockLength: 10, MaxEncodingSymbols: 14}
	if _, err := s.NewEncoder(&o, "other", 10, make([]byte, 80)); err == nil {
		t.Error("unknown variant accepted")
	}
	enc, err := s.NewEncoder(&o, Rizzo, 10, make([]byte, 80))
	if err != nil {
		t.Fatal(err)
	}
	for _, esi := range []fec.ESI{0, 9, 14, 255} {
		if _, err := enc.AppendRepair(nil, esi); err == nil {
			t.Errorf("repair symbol %d of 10 to 13 was made", esi)
		}
	}
}

func TestCacheIsBounded(t *testing.T) {
	s := New()
	for k := 1; k < 200; k++ {
		if _, err := s.codec(codecKey{Rizzo, k, 0, 3}); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.codecs) != maxCodecs || len(s.keys) != maxCodecs {
		t.Errorf("%d codecs are kept, want %d", len(s.codecs), maxCodecs)
	}
}

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

// testOTI is that of an object of one source block.
func testOTI(k, p, length int) fec.OTI {
	return fec.OTI{
		EncodingID: fec.ReedSolomonGF28, TransferLength: uint64(k * length), SymbolLength: uint16(length),
		MaxSourceBlockLength: uint32(k), MaxEncodingSymbols: uint32(k + p),
	}
}

// repairOf returns all repair symbols of source that o permits.
func repairOf(tb testing.TB, s *Scheme, o *fec.OTI, v fec.Variant, k int, source []byte) []fec.Symbol {
	tb.Helper()
	enc, err := s.NewEncoder(o, v, uint32(k), source)
	if err != nil {
		tb.Fatal(err)
	}
	var repair []fec.Symbol
	for esi := fec.ESI(k); uint32(esi) < o.MaxEncodingSymbols; esi++ {
		data, err := enc.AppendRepair(nil, esi)
		if err != nil {
			tb.Fatal(err)
		}
		repair = append(repair, fec.Symbol{ESI: esi, Data: data})
	}
	return repair
}
