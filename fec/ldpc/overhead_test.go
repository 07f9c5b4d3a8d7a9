package ldpc

import (
	"errors"
	"flag"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/flute-node/flute-node/fec"
)

var long = flag.Bool("long", false, "run the statistics with many blocks")

// TestOverhead measures how many symbols more than k are needed on the average, in random order at rate 2/3. The wants
// are those of our study of RFC 5170, by an independent program.
func TestOverhead(t *testing.T) {
	cases := []struct {
		k, n1    int
		triangle bool
		most     float64 // per cent
	}{{100, 3, false, 9}, {100, 7, false, 2.4}, {1000, 3, false, 5}, {1000, 5, false, 1.3}, {1000, 7, false, .5}, {
		1000, 3, true, 2,
	}}
	work := 20_000 // symbols
	if *long {
		work = 400_000
		cases = append(cases, slices.Clone(cases)...)
		for i := range cases[6:] {
			cases[6+i].k *= 10
		}
		cases = append(cases, cases[0], cases[1], cases[5])
		for i := range cases[12:] {
			cases[12+i].k = 50_000
		}
	}
	for _, c := range cases {
		blocks := max(2, min(400, work/c.k))
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
				missing, _, err := sv.solve(lost, repair)
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
		t.Logf("k=%d N1=%d triangle %v: %.2f %% more symbols than k, %d blocks", c.k, c.n1, c.triangle, overhead,
			blocks)
		if overhead > c.most {
			t.Errorf("k=%d N1=%d triangle %v: %.2f %% more, at most %.2f %% is what the code needs", c.k, c.n1,
				c.triangle, overhead, c.most)
		}
	}
}

// least returns the first symbols of order that suffice.
func least(t testing.TB, s *Scheme, b *block, order []int) []int {
	d, err := s.NewDecoder(&b.o, "", uint32(b.k))
	if err != nil {
		t.Fatal(err)
	}
	for count := b.k; count <= len(order); count++ {
		lost, repair := split(order[:count], b.k)
		if !d.Ready(b.k-len(lost), len(repair)) {
			continue
		}
		if err := d.(fec.Solver).Solve(lost, repair); err == nil {
			return order[:count]
		} else if !errors.Is(err, fec.ErrMoreSymbols) {
			t.Fatal(err)
		}
	}
	t.Fatal("all symbols do not suffice")
	return nil
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
