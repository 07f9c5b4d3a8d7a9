package pacing

import (
	"math"
	"testing"
	"time"
)

// TestLink: a rate is shared by weight, what one does not want goes to the others, and none is left without.
func TestLink(t *testing.T) {
	const all = math.MaxUint64
	type member struct {
		weight int
		want   uint64
		rate   uint64
	}
	for name, test := range map[string]struct {
		rate    uint64
		members []member
	}{
		"alone":               {1000, []member{{1, all, 1000}}},
		"by weight":           {1000, []member{{1, all, 250}, {3, all, 750}}},
		"one wants less":      {1000, []member{{1, 100, 100}, {1, all, 450}, {1, all, 450}}},
		"one wants nothing":   {1000, []member{{1, 0, 500}, {1, all, 1000}}},
		"all want less":       {1000, []member{{1, 100, 100}, {9, 200, 200}}},
		"the small one":       {1000, []member{{1, 5, 5}, {99, all, 995}}},
		"the small one waits": {1000, []member{{1, all, 10}, {99, all, 990}}},
		"without a bound":     {0, []member{{1, all, all}, {1, 5, all}}},
		"very little":         {1, []member{{1, all, 1}, {1, all, 1}}},
		"a chain":             {1000, []member{{1, 100, 100}, {1, 280, 280}, {1, 310, 310}, {1, all, 310}}},
	} {
		t.Run(name, func(t *testing.T) {
			l := NewLink(77)
			var members []*Member
			for _, m := range test.members {
				members = append(members, l.Join(m.weight))
			}
			for i, m := range members {
				m.Want(test.members[i].want)
			}
			l.SetRate(test.rate)
			for i, m := range members {
				if got := m.Rate(); got != test.members[i].rate {
					t.Errorf("member %d gets %d, want %d", i, got, test.members[i].rate)
				}
			}
		})
	}
}

// TestLinkLeave: the others get what a member had.
func TestLinkLeave(t *testing.T) {
	l := NewLink(1000)
	a, b := l.Join(1), l.Join(1)
	a.Want(math.MaxUint64)
	b.Want(math.MaxUint64)
	if a.Rate() != 500 {
		t.Errorf("%d for each", a.Rate())
	}
	if n := b.Leave() + b.Leave(); n != 2 {
		t.Errorf("twice one other: %d", n)
	}
	if a.Rate() != 1000 {
		t.Errorf("%d for the one that stays", a.Rate())
	}
}

// TestBusy: members count from the first thing that they want until they want nothing, or leave.
func TestBusy(t *testing.T) {
	l := NewLink(0)
	a, b := l.Join(1), l.Join(1)
	for _, step := range []struct {
		do   func()
		want int
	}{
		{func() {}, 0},
		{func() { a.Want(5) }, 1},
		{func() { a.Want(math.MaxUint64) }, 1},
		{func() { b.Want(1) }, 2},
		{func() { a.Want(0) }, 1},
		{func() { a.Leave() }, 1},
		{func() { b.Leave() }, 0},
		{func() { b.Leave() }, 0},
		{func() { b.Want(7) }, 0},
	} {
		if step.do(); a.Busy() != step.want {
			t.Errorf("%d are busy, want %d", a.Busy(), step.want)
		}
	}
}

// TestUnboundLink: without a bound each member may send without one, whenever it joins, and when a bound is taken away.
func TestUnboundLink(t *testing.T) {
	l := NewLink(0)
	a := l.Join(1)
	a.Want(5)
	b := l.Join(1)
	a.Want(math.MaxUint64)
	for _, m := range []*Member{a, b} {
		if m.Rate() != math.MaxUint64 {
			t.Errorf("rate %d without a bound", m.Rate())
		}
	}
	l.SetRate(1000)
	b.Want(math.MaxUint64)
	if a.Rate() != 500 || b.Rate() != 500 {
		t.Errorf("%d and %d of 1000", a.Rate(), b.Rate())
	}
	c := l.Join(1)
	c.Want(math.MaxUint64)
	if c.Rate() != 333 {
		t.Errorf("%d of 1000 for the third", c.Rate())
	}
	l.SetRate(0)
	b.Leave()
	for _, m := range []*Member{a, c} {
		if m.Rate() != math.MaxUint64 {
			t.Errorf("rate %d after the bound was taken away", m.Rate())
		}
	}
}

// TestLast: what members say at their ends leaves at the rate of the Link, or at what others leave of that, and never
// all at once; without a bound it leaves at once.
func TestLast(t *testing.T) {
	const rate, n = 100_000, 50 // 4 ms at that rate
	for name, c := range map[string]struct {
		rate  uint64
		busy  uint64 // what another member wants
		takes time.Duration
	}{
		"all end":         {rate, 0, 400 * time.Millisecond},
		"one sends":       {rate, 50_000, 800 * time.Millisecond},
		"one sends all":   {rate, math.MaxUint64, 4 * time.Second},
		"without a bound": {0, math.MaxUint64, 0},
	} {
		l := NewLink(c.rate)
		other := l.Join(1_000_000)
		other.Want(c.busy)
		var members []*Member
		for range 100 {
			members = append(members, l.Join(1))
		}
		var last time.Time
		for _, m := range members {
			at := m.Last(start, n)
			if at.Before(last) || at.Before(start) {
				t.Fatalf("%s: %v after %v", name, at, last)
			}
			last = at
		}
		if got := last.Sub(start); got > c.takes || got < c.takes*98/100 {
			t.Errorf("%s: the last one after %v, want %v", name, got, c.takes)
		}
		if c.rate != 0 && c.busy == math.MaxUint64 && other.Rate() > c.rate*9/10 {
			t.Errorf("%s: the other has %d", name, other.Rate())
		}
		if at := members[0].Last(start.Add(time.Minute), n); !at.Equal(start.Add(time.Minute)) {
			t.Errorf("%s: after a minute it waits for %v", name, at.Sub(start)-time.Minute)
		}
		for _, m := range members {
			m.Leave()
			m.Leave()
		}
		if c.busy == math.MaxUint64 && c.rate != 0 && other.Rate() != c.rate {
			t.Errorf("%s: none is left that ends, the other has %d", name, other.Rate())
		}
	}
}

// BenchmarkJoin has a thousand sessions begin and end in a node without a rate.
func BenchmarkJoin(b *testing.B) {
	for b.Loop() {
		l := NewLink(0)
		all := make([]*Member, 1000)
		for i := range all {
			all[i] = l.Join(1)
			all[i].Want(2_000_000)
		}
		for _, m := range all {
			m.Want(0)
		}
	}
}
