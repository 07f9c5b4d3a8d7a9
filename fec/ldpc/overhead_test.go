package ldpc

import (
	"flag"
	"math/rand/v2"
	"testing"

	"github.com/flute-node/flute-node/fec"
)

var long = flag.Bool("long", false, "run the statistics with many blocks")

// TestOverhead measures how many symbols more than k are needed on the average, in random order at rate 2/3. The wants are those
// of our study of RFC 5170, by an independent program.
func TestOverhead(t *testing.T) {
	blocks := 20
	if *long {
		blocks = 400
	}
	for _, c := range []struct {
		k, n1    int
		triangle bool
		most     float64 // per cent
	}{{100, 3, false, 9}, {100, 7, false, 2.4}, {1000, 3, false, 5}, {1000, 5, false, 1.3}, {1000, 7, false, .5}, {1000, 3, true, 2}} {
		rng := rand.New(rand.NewPCG(5, uint64(c.n1)))
		s := New(Config{})
		needed := 0
		for range blocks {
			p := params{c.k, c.k * 3 / 2, c.n1, 1 + rng.Uint32N(maxSeed), c.triangle}
			sv := solver{m: s.matrices.get(p)}
			order := rng.Perm(p.n)
			count := c.k
			for {
				lost, repair := split(order[:count], c.k)
				missing, err := sv.solve(lost, repair)
				if err != nil {
					t.Fatal(err)
				}
				if missing == 0 {
					break
				}
				count += missing
			}
			needed += count - c.k
		}
		overhead := 100 * float64(needed) / float64(blocks*c.k)
		t.Logf("k=%d N1=%d triangle %v: %.2f %% more symbols than k, %d blocks", c.k, c.n1, c.triangle, overhead, blocks)
		if overhead > c.most {
			t.Errorf("k=%d N1=%d triangle %v: %.2f %% more, at most %.2f %% is what the code needs", c.k, c.n1, c.triangle, overhead, c.most)
		}
	}
}

// split returns the source symbols that are not among those received, and the repair symbols that are.
func split(received []int, k int) (lost, repair []fec.ESI) {
	have := make([]bool, k)
	for _, esi := range received {
		if esi < k {
			have[esi] = true
		} else {
			repair = append(repair, fec.ESI(esi))
		}
	}
	for esi, h := range have {
		if !h {
			lost = append(lost, fec.ESI(esi))
		}
	}
	return lost, repair
}
