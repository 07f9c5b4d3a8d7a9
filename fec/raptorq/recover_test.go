package raptorq

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/flute-node/flute-node/fec"
)

// received is a source block on its way to a receiver.
type received struct {
	k, length int
	source    []byte   // zero padded
	symbols   [][]byte // as the receiver has them
	lost      []fec.ESI
	repair    []fec.Symbol
}

// lose makes a block of which each source symbol is lost with a chance, and extra repair symbols more than needed arrive, with
// random ESIs.
func lose(tb testing.TB, r *rand.Rand, s *Scheme, k, length int, chance float64, extra int) *received {
	tb.Helper()
	b := &received{k: k, length: length, source: make([]byte, k*length)}
	short := r.IntN(length)
	for i := range b.source[:len(b.source)-short] {
		b.source[i] = byte(r.Uint32())
	}
	enc := newEncoder(tb, s, k, length, b.source[:len(b.source)-short])
	memory := bytes.Clone(b.source)
	for i := range k {
		symbol := memory[i*length : (i+1)*length : (i+1)*length]
		if r.Float64() < chance {
			clear(symbol)
			symbol = symbol[:0]
			b.lost = append(b.lost, fec.ESI(i))
		}
		b.symbols = append(b.symbols, symbol)
	}
	seen := map[fec.ESI]bool{}
	for len(b.repair) < len(b.lost)+extra {
		esi := fec.ESI(k + r.IntN(3*k+20))
		if r.IntN(4) == 0 {
			esi = fec.ESI(k + r.IntN(maxESI-k))
		}
		if seen[esi] {
			continue
		}
		seen[esi] = true
		data, err := enc.AppendRepair(nil, esi)
		if err != nil {
			tb.Fatal(err)
		}
		b.repair = append(b.repair, fec.Symbol{ESI: esi, Data: data})
	}
	return b
}

func (b *received) decoder(tb testing.TB, s *Scheme) fec.Decoder {
	tb.Helper()
	o := testOTI(b.k, b.length)
	dec, err := s.NewDecoder(&o, "", uint32(b.k))
	if err != nil {
		tb.Fatal(err)
	}
	return dec
}

// esis returns the ESIs of the repair symbols.
func (b *received) esis() (esis []fec.ESI) {
	for _, r := range b.repair {
		esis = append(esis, r.ESI)
	}
	return esis
}

// TestRecover loses symbols at random in blocks of all sizes.
func TestRecover(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	s := New(Config{})
	failed := 0
	for i := range 400 {
		k := 1 + r.IntN(300)
		if i%40 == 0 {
			k = 1 + r.IntN(5000)
		}
		length := 1 + r.IntN(400)
		chance := []float64{0.01, 0.05, 0.2, 0.7, 1}[r.IntN(5)]
		b := lose(t, r, s, k, length, chance, r.IntN(4))
		dec := b.decoder(t, s)
		if !dec.Ready(k-len(b.lost), len(b.repair)) {
			t.Fatalf("K=%d: not ready with %d of %d lost and %d repair symbols", k, len(b.lost), k, len(b.repair))
		}
		before := make([][]byte, k)
		for i, symbol := range b.symbols {
			before[i] = symbol[:len(symbol):len(symbol)]
		}
		if len(b.lost) > 0 {
			// A symbol short, and one symbol twice.
			few := append(slices.Clone(b.repair[:len(b.lost)-1]), b.repair[:min(1, len(b.lost)-1)]...)
			if err := dec.Recover(b.symbols, few); !errors.Is(err, fec.ErrMoreSymbols) {
				t.Fatalf("K=%d, one symbol short: %v", k, err)
			}
		}
		repair := append(slices.Clone(b.repair), b.repair[:r.IntN(len(b.repair)+1)]...)
		r.Shuffle(len(repair), func(i, j int) { repair[i], repair[j] = repair[j], repair[i] })
		var solved error
		if r.IntN(2) == 0 {
			solved = dec.(fec.Solver).Solve(b.lost, b.esis())
			if err := dec.Recover(b.symbols, repair); !errors.Is(err, solved) {
				t.Fatalf("K=%d: Solve said %v, Recover %v", k, solved, err)
			}
		} else {
			solved = dec.Recover(b.symbols, repair)
		}
		if solved != nil {
			if !errors.Is(solved, fec.ErrMoreSymbols) {
				t.Fatal(solved)
			}
			if !slices.EqualFunc(before, b.symbols, bytes.Equal) {
				t.Fatalf("K=%d: changed although symbols are lacking", k)
			}
			failed++
			continue
		}
		if !bytes.Equal(bytes.Join(b.symbols, nil), b.source) {
			t.Fatalf("K=%d T=%d, %d lost, %d repair: other bytes", k, length, len(b.lost), len(b.repair))
		}
		if len(b.repair) > 0 {
			other := b.repair[r.IntN(len(b.repair))]
			if !dec.Matches(b.symbols, other) {
				t.Fatalf("K=%d T=%d: symbol %d does not match", k, length, other.ESI)
			}
			other.Data = bytes.Clone(other.Data)
			other.Data[r.IntN(length)] ^= 1
			if dec.Matches(b.symbols, other) {
				t.Fatalf("K=%d T=%d: symbol %d matches with an error", k, length, other.ESI)
			}
		}
	}
	t.Logf("%d of 400 blocks failed", failed)
	if failed > 10 {
		t.Errorf("%d of 400 blocks failed", failed)
	}
}
