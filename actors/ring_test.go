package actors

import (
	"math/rand/v2"
	"testing"
)

// TestRingKeepsOrder compares the ring with a slice under random pushes and pops.
func TestRingKeepsOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var r ring
	var model []int
	next := 0
	for range 100_000 {
		// Long phases of growth and of shrinking, so that the ring wraps at many sizes.
		if random.IntN(3000) < 1500+1400*(next/5000%2)-700 {
			r.push(entry{msg: next})
			model = append(model, next)
			next++
		} else if len(model) > 0 {
			if got := r.pop().msg.(int); got != model[0] {
				t.Fatalf("pop = %d, want %d", got, model[0])
			}
			model = model[1:]
		}
		if r.n != len(model) {
			t.Fatalf("n = %d, want %d", r.n, len(model))
		}
	}
}

func TestRingGivesBackALargeBuffer(t *testing.T) {
	var r ring
	for i := range 2 * ringKeep {
		r.push(entry{msg: i})
	}
	for r.n > 0 {
		r.pop()
	}
	if r.buf != nil {
		t.Errorf("an empty ring keeps %d entries", len(r.buf))
	}
}
