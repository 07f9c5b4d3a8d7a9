package store

import (
	"math/rand/v2"
	"testing"
)

// TestPageRuns compares the runs of a page with a set of bytes.
func TestPageRuns(t *testing.T) {
	for seed := range uint64(50) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		var have [1000]bool
		p := &page{}
		for range 300 {
			start := rnd.IntN(len(have) - 1)
			end := start + 1 + rnd.IntN(min(20, len(have)-start))
			end = min(end, len(have))
			p.add(uint32(start), uint32(end))
			for i := start; i < end; i++ {
				have[i] = true
			}
			var got [1000]bool
			last := -1
			for _, r := range p.runs {
				if int(r.start) <= last || r.start >= r.end {
					t.Fatalf("seed %d: runs %v are not in order or touch", seed, p.runs)
				}
				last = int(r.end)
				for i := r.start; i < r.end; i++ {
					got[i] = true
				}
			}
			if got != have {
				t.Fatalf("seed %d: runs %v are wrong after %d-%d", seed, p.runs, start, end)
			}
		}
	}
}

// TestPagePool: idle pages are taken again, and give way to what is reserved.
func TestPagePool(t *testing.T) {
	root := NewBudget(1<<20, nil)
	b := NewBudget(1<<62, root)
	p := b.takePage(pageSize)
	b.putPage(p)
	if n := len(root.pages.free); n != 1 || root.Used() != 0 {
		t.Fatalf("%d idle pages, %d bytes used", n, root.Used())
	}
	if q := b.takePage(pageSize); q != p {
		t.Error("an idle page was not used again")
	}
	b.putPage(p)
	if !root.TryReserve(1 << 20) {
		t.Fatal("an idle page stands in the way of a reservation")
	}
	if n := len(root.pages.free); n != 0 {
		t.Errorf("%d idle pages beside a budget that is spent", n)
	}
	if b.takePage(pageSize) != nil {
		t.Error("a page beyond the budget")
	}
	root.Release(1 << 20)

	var pages []*page
	big := NewBudget(1<<62, nil)
	for range 2 * idlePages {
		pages = append(pages, big.takePage(pageSize))
	}
	for _, p := range pages {
		big.putPage(p)
	}
	if n := len(big.pages.free); n != idlePages {
		t.Errorf("%d idle pages, want at most %d", n, idlePages)
	}
}
