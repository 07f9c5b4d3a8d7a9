package store_test

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/flute-node/flute-node/store"
)

const alice, bob, mallory = "alice", "bob", "mallory"

// spend reserves all that b has, in pieces of n bytes, and returns how much that was.
func spend(b *store.Budget, n uint64) (total uint64) {
	for b.TryReserve(n) {
		total += n
	}
	return total
}

// TestShares: what one source spends, in any number of sessions, leaves others their part; and what all of them spend
// leaves a new session room for what is small.
func TestShares(t *testing.T) {
	const limit, reserve = 1 << 20, 128 << 10
	b := store.NewSharedBudget(limit, store.Shares{Source: limit / 2, Reserve: reserve})
	var shares []*store.Share
	var spent []uint64
	share := func(source string) *store.Share {
		s := b.Share(source, limit/4)
		shares = append(shares, s)
		return s
	}
	sum := uint64(0)
	for range 5 {
		s := share(mallory)
		n := spend(s.All, 1024)
		spent = append(spent, n)
		if sum += n; n > limit/4 {
			t.Errorf("a session has %d of %d bytes", n, limit/4)
		}
	}
	if sum != limit/2 {
		t.Errorf("a source has %d of %d bytes", sum, limit/2)
	}
	for _, source := range []string{alice, bob} {
		for range 2 {
			spent = append(spent, spend(share(source).All, 1024))
		}
	}
	if used := b.Used(); used != limit-reserve {
		t.Errorf("%d bytes used, want all but the reserve, %d", used, limit-reserve)
	}
	// The reserve: a quarter for each source, and an eighth for each session.
	small := make([]uint64, len(shares))
	for i, s := range shares {
		small[i] = spend(s.Small, 1024)
		if s.Used() != spent[i]+small[i] {
			t.Errorf("session %d: %d bytes used, want %d and %d", i, s.Used(), spent[i], small[i])
		}
	}
	if small[0] != reserve/8 || small[1] != reserve/8 || small[2] != 0 {
		t.Errorf("the first source has drawn %d", small[:5])
	}
	fresh := share("carol")
	if fresh.All.TryReserve(1024) || !fresh.Small.TryReserve(reserve/8) {
		t.Error("a new session does not find what is kept for it, and nothing else")
	}
	fresh.Small.Release(reserve / 8)
	// What is given back is repaid to the reserve first.
	shares[0].Small.Release(1024)
	if !shares[2].Small.TryReserve(1024) {
		t.Error("what was given back cannot be reserved")
	}
	shares[2].Small.Release(1024)
	shares[0].Small.TryReserve(1024)
	for i, s := range shares[:len(spent)] {
		s.All.Release(spent[i])
		s.Small.Release(small[i])
	}
	for _, s := range shares {
		s.Close()
		s.Close()
		if s.Used() != 0 {
			t.Errorf("%d bytes used at the end", s.Used())
		}
	}
	if b.Used() != 0 {
		t.Errorf("%d bytes used at the end", b.Used())
	}
	if s := b.Share(mallory, limit); spend(s.All, 1024) != limit/2 {
		t.Error("a source that comes again does not have its share")
	}
}

// TestSharesOfPlainBudget: a budget that is not divided gives each session all.
func TestSharesOfPlainBudget(t *testing.T) {
	b := store.NewBudget(1<<20, nil)
	s := b.Share(alice, 1<<30)
	if !s.Small.TryReserve(1<<19) || !s.All.TryReserve(1<<19) || s.All.TryReserve(1) || s.Small.TryReserve(1) {
		t.Error("it is not the whole")
	}
	if s.All.Ceiling() != 1<<20 || s.Used() != 1<<20 {
		t.Errorf("ceiling %d, used %d", s.All.Ceiling(), s.Used())
	}
	s.Close()
}

// TestSharesAtOnce: whoever reserves and releases at the same time, no byte is lost or counted twice.
func TestSharesAtOnce(t *testing.T) {
	b := store.NewSharedBudget(64<<10, store.Shares{Source: 40 << 10, Reserve: 16 << 10})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(i), 7))
			s := b.Share([]string{alice, bob}[i%2], 30<<10)
			defer s.Close()
			var held [2][]uint64
			for range 3000 {
				class := rnd.IntN(2)
				from := []*store.Budget{s.All, s.Small}[class]
				if n := uint64(rnd.IntN(4000)); rnd.IntN(2) == 0 && from.TryReserve(n) {
					held[class] = append(held[class], n)
				} else if k := len(held[class]); k > 0 {
					from.Release(held[class][k-1])
					held[class] = held[class][:k-1]
				}
				if b.Used() > b.Limit() {
					t.Errorf("%d of %d bytes", b.Used(), b.Limit())
				}
			}
			for class, list := range held {
				for _, n := range list {
					[]*store.Budget{s.All, s.Small}[class].Release(n)
				}
			}
		})
	}
	wg.Wait()
	if b.Used() != 0 {
		t.Errorf("%d bytes used at the end", b.Used())
	}
}
