package assembly

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/store"
)

// Before a digest has failed versions are kept of what memory still holds: some, and as memory permits. They are votes
// from then on.
func TestEarlyVersions(t *testing.T) {
	const n = maxEarly + 10
	oti := fec.OTI{TransferLength: 10*n - 5, SymbolLength: 10, MaxSourceBlockLength: n}
	forged := func(b *bench, esi fec.ESI) error {
		p := b.payload(0, esi)
		p[len(p)-1] ^= 1
		return b.Take(now, p)
	}
	filler := uint64(0)
	for name, c := range map[string]struct {
		prepare func(b *bench)
		want    int
	}{
		"in memory": {func(*bench) {}, maxEarly},
		"written":   {func(b *bench) { b.Flush(); b.write() }, 0},
		"whole":     {func(b *bench) { b.take(0, n-1) }, maxEarly},
		"no memory": {func(b *bench) {
			filler = b.budget.Limit() - b.budget.Used() - 2*(conflictCost+10) - 5
			b.budget.TryReserve(filler)
		}, 2},
	} {
		b := newBench(t, oti, 1<<20)
		for esi := range fec.ESI(n - 1) {
			b.take(0, esi)
		}
		c.prepare(b)
		used := b.budget.Used()
		for esi := range fec.ESI(n - 1) {
			if err := b.Take(now, b.payload(0, esi)); !errors.Is(err, ErrDuplicate) {
				t.Fatal(err)
			}
			if err := forged(b, esi); !errors.Is(err, ErrDuplicate) {
				t.Fatal(err)
			}
		}
		if len(b.early) != c.want || b.budget.Used() != used+uint64(len(b.early))*(conflictCost+10) {
			t.Errorf("%s: %d versions, %d bytes", name, len(b.early), b.budget.Used()-used)
		}
		b.budget.Release(filler)
		filler = 0
		b.Release()
		if len(b.early) > 0 || b.InDoubt() {
			t.Errorf("%s: %d versions after the end", name, len(b.early))
		}
	}
	b := newBench(t, oti, 1<<20)
	for esi := range fec.ESI(n) {
		b.take(0, esi)
	}
	err := errors.Join(forged(b, 0), forged(b, 0), forged(b, n-1))
	if !errors.Is(err, ErrDuplicate) || len(b.early) != 3 || len(b.early[2].bytes) != 5 {
		t.Fatal(err, len(b.early))
	}
	b.Flush()
	b.write()
	used := b.budget.Used() - 2*(conflictCost+10) - conflictCost - 5
	tagging := b.Tagging()
	if err := tagging.Run(nil); err != nil {
		t.Fatal(err)
	}
	b.Doubt(tagging)
	got := b.doubt.conflicts[0].versions
	if len(got) != 2 || got[1].votes != 2 || b.Conflicts() != 2 || len(b.early) != 0 {
		t.Errorf("%+v, %d conflicts", got, b.Conflicts())
	}
	if b.budget.Used() != used+b.doubt.cost {
		t.Errorf("%d bytes are charged, want %d and %d", b.budget.Used(), used, b.doubt.cost)
	}
	b.end()
}

// With as many votes as lead says a version is the best, and with one less it is not.
func TestLead(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		c := conflict{versions: make([]version, 1+rng.IntN(maxVersions))}
		for i := range c.versions {
			c.versions[i].votes = rng.IntN(4)
		}
		i := rng.IntN(len(c.versions))
		lead := c.lead(i)
		if c.versions[i].votes = lead; c.best() != i {
			t.Fatalf("%+v: version %d is not the best", c.versions, i)
		}
		if c.versions[i].votes--; lead > 0 && c.best() == i {
			t.Fatalf("%+v: version %d is the best with less", c.versions, i)
		}
	}
}

// The version that came least often gives way, of several the oldest, and never the one that the object has.
func TestGiveWay(t *testing.T) {
	for _, c := range []struct {
		votes      []int
		held, gone int
		heldThen   int
	}{
		{[]int{1, 2, 3, 4}, 0, 1, 0},
		{[]int{1, 2, 3, 4}, 3, 0, 2},
		{[]int{4, 3, 2, 1}, 3, 2, 2},
		{[]int{2, 1, 1, 2}, 0, 1, 0},
		{[]int{2, 1, 1, 2}, 1, 2, 1},
		{[]int{9, 1}, 1, 0, 0},
		{[]int{0, 5, 5, 5}, 0, 1, 0},
		{[]int{3, 3, 3, 3}, 2, 0, 1},
	} {
		a := Assembly{budget: store.NewBudget(1000, nil), doubt: &doubt{cost: 100}}
		a.budget.TryReserve(100)
		f := conflict{held: c.held}
		for i, votes := range c.votes {
			f.versions = append(f.versions, version{votes: votes, tag: uint32(i), bytes: make([]byte, 1+i)})
		}
		a.giveWay(&f)
		if f.held != c.heldThen || f.versions[f.held].tag != uint32(c.held) || len(f.versions) != len(c.votes)-1 {
			t.Errorf("%v, %d is held: %+v", c.votes, c.held, f)
		}
		for _, v := range f.versions {
			if v.tag == uint32(c.gone) {
				t.Errorf("%v, %d is held: version %d is still there", c.votes, c.held, c.gone)
			}
		}
		if want := uint64(100 - 1 - c.gone); a.budget.Used() != want || a.doubt.cost != want {
			t.Errorf("%v: %d and %d bytes are charged, want %d", c.votes, a.budget.Used(), a.doubt.cost, want)
		}
	}
}
