package assembly

import (
	"math/rand/v2"
	"testing"

	"github.com/flute-node/flute-node/store"
)

// A symbolSet is what a map is, and gives back what it takes.
func TestSymbolSet(t *testing.T) {
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 5))
		k := 1 + rng.Uint32N(20_000)
		length := uint16(1 + rng.IntN(50))
		budget := store.NewBudget(1<<30, nil)
		var s symbolSet
		for range 2 {
			want := map[uint32]bool{}
			for n := range min(k, 3000) {
				i := rng.Uint32N(k)
				if s.has(i) != want[i] {
					t.Fatalf("has(%d) = %v", i, s.has(i))
				}
				if want[i] {
					continue
				}
				if !s.prepare(budget, k, uint32(len(want)), length) {
					t.Fatal("no room")
				}
				s.set(i)
				want[i] = true
				if most := 8*max(uint64(length), 4)*uint64(len(want)) + 16; budget.Used() > most {
					t.Fatalf("%d symbols of %d bytes, of %d: %d bytes held", n+1, length, k, budget.Used())
				}
			}
			if !s.widen(budget, k) {
				t.Fatal("no room")
			}
			for i := range k {
				if s.has(i) != want[i] {
					t.Fatalf("has(%d) = %v", i, s.has(i))
				}
			}
			if budget.Used() != s.cost {
				t.Errorf("%d bytes held, %d charged", budget.Used(), s.cost)
			}
			budget.Release(s.cost)
			s.reset()
		}
	}
	s := symbolSet{}
	if none := store.NewBudget(0, nil); s.prepare(none, 100, 0, 1400) || s.prepare(none, 1<<20, 0, 1) ||
		s.widen(none, 100) {
		t.Error("a set without budget")
	}
}

// A list becomes a bitmap as soon as that takes no more than the share of the bytes of the symbols.
func TestSymbolSetWidens(t *testing.T) {
	for k, want := range map[uint32]bool{64 * bookkeeping: true, 64*bookkeeping + 1: false} {
		var s symbolSet
		if !s.prepare(store.NewBudget(1<<20, nil), k, 0, 8) || len(s.bits) > 0 != want {
			t.Errorf("%d symbols: a bitmap of %d words", k, len(s.bits))
		}
	}
}

// A list is charged as it grows: four symbols at first, then twice as many.
func TestSymbolSetGrows(t *testing.T) {
	budget := store.NewBudget(1<<20, nil)
	var s symbolSet
	for i := range uint32(33) {
		if !s.prepare(budget, 1<<20, i, 1) {
			t.Fatal("no room")
		}
		s.set(2 * i)
		room := uint64(4)
		for room < uint64(i)+1 {
			room *= 2
		}
		if budget.Used() != 4*room || s.cost != 4*room || uint64(cap(s.list)) != room || !s.has(2*i) {
			t.Fatalf("%d symbols: %d bytes are charged, room for %d", i+1, budget.Used(), cap(s.list))
		}
	}
	full := store.NewBudget(15, nil)
	var none symbolSet
	if none.prepare(full, 1<<20, 0, 1) || full.Used() != 0 {
		t.Errorf("%d bytes are charged of 15", full.Used())
	}
	if !s.widen(budget, 1<<20) || budget.Used() != 1<<17 || s.cost != 1<<17 || !s.has(64) || s.has(65) {
		t.Errorf("a bitmap is charged with %d bytes", budget.Used())
	}
}
