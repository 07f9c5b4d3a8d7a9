package raptor

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/fectest"
)

// long asks for tests that take minutes.
var long = flag.Bool("long", false, "run the long versions of tests")

// TestFailureRate measures how often a few symbols more than K do not suffice, and prints it. TestOracleRank shows that
// it is the code that fails, and not its solver; the bounds here are only meant to notice when something is far off.
func TestFailureRate(t *testing.T) {
	fectest.OneGoroutine(t)
	blocks := 100
	if *long {
		blocks = 20000
	}
	s := New(Config{})
	for _, v := range []struct{ k, percent int }{{10, 100}, {26, 100}, {101, 100}, {101, 10}, {1000, 100}, {1000, 5}} {
		const extra = 11
		random := rand.New(rand.NewPCG(uint64(v.k), uint64(v.percent)))
		n := max(30, blocks*10/v.k)
		if v.k <= 101 {
			n = blocks
		}
		var failed [extra]int
		for range n {
			lost := random.Perm(v.k)[:v.k*v.percent/100]
			symbols := make([][]byte, v.k)
			for i := range symbols {
				symbols[i] = []byte{1}
			}
			for _, i := range lost {
				symbols[i] = nil
			}
			var repair []fec.Symbol
			for _, i := range random.Perm(modulus - v.k)[:len(lost)+extra] {
				repair = append(repair, fec.Symbol{ESI: fec.ESI(v.k + i)})
			}
			dec := newTestDecoder(t, s, v.k, 1)
			for i := range extra {
				if solveSymbols(dec, symbols, repair[:len(lost)+i]) == nil {
					break
				}
				failed[i]++
			}
		}
		var rates [extra]float64
		for i, f := range failed {
			rates[i] = float64(f) / float64(n)
		}
		t.Logf("K=%d, %d%% lost, %d blocks: failures with K, K+1, … symbols: %.5f", v.k, v.percent, n, rates)
		if rates[0] > 0.97 || rates[3] > 0.7 || rates[10] > 0.1 {
			t.Errorf("K=%d, %d%% lost: fails too often: %.4f", v.k, v.percent, rates)
		}
	}
}

// TestEveryK: the source symbols of a block determine its intermediate symbols for every K (RFC 5053, section 5.7), and
// what an encoder makes of them a decoder takes.
func TestEveryK(t *testing.T) {
	fectest.OneGoroutine(t)
	step := 211
	if *long {
		step = 1
	}
	s := New(Config{})
	for k := minSymbols; k <= maxSymbols; k += step {
		source := fectest.Source(k, 1)
		enc := newTestEncoder(t, s, k, 1, source)
		symbols := fectest.Lossy(source, k, 1, []int{0, k / 2, k - 1})
		var repair []fec.Symbol
		for i := range 30 {
			repair = append(repair, repairOf(t, enc, uint32(k+i)))
		}
		if err := newTestDecoder(t, s, k, 1).Recover(symbols, repair); err != nil {
			t.Errorf("K=%d: %v", k, err)
		} else if !bytes.Equal(bytes.Join(symbols, nil), source) {
			t.Errorf("K=%d: other bytes", k)
		}
	}
}
