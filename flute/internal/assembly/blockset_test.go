package assembly

import (
	"math/rand/v2"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/store"
)

// A blockSet behaves as a map does, for SBNs in any order, and gives all of its memory back.
func TestBlockSet(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 4))
		budget := store.NewBudget(1<<30, nil)
		n := 1 + rng.IntN(5*setPage)
		order := rng.Perm(n)
		if seed%3 == 0 { // nearly in order
			for i := range order {
				order[i] = i
			}
			for i := range order {
				j := min(n-1, i+rng.IntN(20))
				order[i], order[j] = order[j], order[i]
			}
		}
		var s blockSet
		want := map[fec.SBN]bool{}
		for _, i := range order {
			sbn := fec.SBN(i)
			if s.has(sbn) != want[sbn] {
				t.Fatalf("has(%d) = %v", sbn, s.has(sbn))
			}
			if !s.prepare(budget, sbn) {
				t.Fatal("no room")
			}
			s.add(budget, sbn)
			s.add(budget, sbn)
			want[sbn] = true
			probe := fec.SBN(rng.IntN(n + 10))
			if s.has(probe) != want[probe] {
				t.Fatalf("has(%d) = %v", probe, s.has(probe))
			}
			if s.count != uint32(len(want)) {
				t.Fatalf("count %d of %d", s.count, len(want))
			}
		}
		if s.next != fec.SBN(n) {
			t.Errorf("next %d of %d", s.next, n)
		}
		s.release(budget)
		if budget.Used() != 0 {
			t.Errorf("%d bytes used", budget.Used())
		}
	}
}

// In order it needs no memory at all.
func TestBlockSetInOrder(t *testing.T) {
	var s blockSet
	none := store.NewBudget(0, nil)
	for sbn := range fec.SBN(3 * setPage) {
		if !s.prepare(none, sbn) {
			t.Fatalf("block %d needs memory", sbn)
		}
		s.add(none, sbn)
	}
	if s.prepare(none, 1<<24) {
		t.Error("a page without memory")
	}
}

// A page is given back as soon as all blocks up to its last one are there, and not before.
func TestBlockSetGivesPagesBack(t *testing.T) {
	var s blockSet
	budget := store.NewBudget(1<<20, nil)
	add := func(sbn fec.SBN) {
		if !s.prepare(budget, sbn) {
			t.Fatal("no room")
		}
		s.add(budget, sbn)
	}
	add(2*setPage - 1)
	for sbn := range fec.SBN(2*setPage - 2) {
		add(sbn)
		if budget.Used() != setPageCost {
			t.Fatalf("after block %d: %d bytes", sbn, budget.Used())
		}
	}
	add(2*setPage + 1)
	if add(2*setPage - 2); budget.Used() != setPageCost || s.next != 2*setPage {
		t.Errorf("%d bytes are held of one page, the blocks before %d are there", budget.Used(), s.next)
	}
	if add(2 * setPage); budget.Used() != setPageCost || s.next != 2*setPage+2 {
		t.Errorf("%d bytes are held, the blocks before %d are there", budget.Used(), s.next)
	}
	if s.release(budget); budget.Used() != 0 {
		t.Errorf("%d bytes are held at the end", budget.Used())
	}
}
