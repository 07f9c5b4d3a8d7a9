package raptorq

import (
	"errors"
	"flag"
	"math/rand/v2"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/fectest"
)

var long = flag.Bool("long", false, "measure over 100,000 source blocks and not 2000")

// TestConf_K07_Failures counts how many of many small source blocks cannot be decoded from K, K+1 and K+2 encoding
// symbols. RFC 6330, section 5.8, permits 1 in 100, 1 in 10,000 and 1 in 1,000,000 on average. Each second block takes
// its ESIs from the whole range, as that section says, the others from those of a sender that makes three times as many
// repair as source symbols.
func TestConf_K07_Failures(t *testing.T) {
	fectest.OneGoroutine(t)
	blocks := 2000
	if *long {
		blocks = 100_000
	}
	r := rand.New(rand.NewPCG(3, 4))
	s := New(Config{})
	for _, k := range []int{10, 26, 101} {
		o := testOTI(k, 1)
		for extra, most := range []float64{0.013, 0.0002, 0} {
			failed := 0
			for block := range blocks {
				dec, err := s.NewDecoder(&o, "", uint32(k))
				if err != nil {
					t.Fatal(err)
				}
				lost, repair := draw(r, k, k+extra, block%2 == 0)
				switch err := dec.(fec.Solver).Solve(lost, repair); {
				case errors.Is(err, fec.ErrMoreSymbols):
					failed++
				case err != nil:
					t.Fatal(err)
				}
			}
			t.Logf("K=%d, K+%d symbols: %d of %d blocks failed, %.2g", k, extra, failed, blocks,
				float64(failed)/float64(blocks))
			allowed := most * float64(blocks)
			if !*long && extra < 2 {
				allowed = 2*allowed + 3
			}
			if float64(failed) > allowed {
				t.Errorf("K=%d, K+%d symbols: %d of %d blocks failed, at most %g may", k, extra, failed, blocks,
					allowed)
			}
		}
	}
}

// draw returns which source symbols are lost and which repair symbols are there when n encoding symbols arrive, from
// the whole range of ESIs or from the first 4k.
func draw(r *rand.Rand, k, n int, whole bool) (lost, repair []fec.ESI) {
	limit := 4 * k
	if whole {
		limit = maxESI
	}
	arrived := map[fec.ESI]bool{}
	for len(arrived) < n {
		esi := fec.ESI(r.IntN(limit))
		if !arrived[esi] && int(esi) >= k {
			repair = append(repair, esi)
		}
		arrived[esi] = true
	}
	for esi := range fec.ESI(k) {
		if !arrived[esi] {
			lost = append(lost, esi)
		}
	}
	return lost, repair
}
