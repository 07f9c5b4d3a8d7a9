package sender

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// Objects resume in the order of their times, whatever the order in which they were delayed; of one time, in that
// order.
func TestDelays(t *testing.T) {
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 0))
		var d delays
		var want []*object
		for i := range rng.IntN(40) * (1 + int(seed%2)*20) {
			o := &object{state: waiting, resume: start.Add(time.Duration(rng.IntN(10)) * time.Second), round: i}
			d.push(o)
			want = append(want, o)
		}
		for _, o := range want {
			if rng.IntN(3) < int(seed%3) {
				d.remove(o)
			}
		}
		if all := d.line.Len() + len(d.heap); d.removed >= leastSweep && d.removed > all/2 {
			t.Fatalf("seed %d: %d of %d entries were removed", seed, d.removed, all)
		}
		slices.SortStableFunc(want, func(a, b *object) int { return a.resume.Compare(b.resume) })
		for i, o := range want {
			if o.delayed == 0 {
				continue
			}
			if at, ok := d.next(); !ok || !at.Equal(o.resume) {
				t.Fatalf("seed %d: next %v, want %v", seed, at, o.resume)
			}
			if early := d.due(o.resume.Add(-1)); early != nil {
				t.Fatalf("seed %d: resumes too early", seed)
			}
			if got := d.due(o.resume); got != o || got.delayed != 0 {
				t.Fatalf("seed %d: object %d is not next", seed, i)
			}
		}
		if _, ok := d.next(); ok || d.due(start.Add(time.Hour)) != nil {
			t.Fatalf("seed %d: one is left", seed)
		}
	}
}

// TestDelaysAreSwept: what was removed goes when it is half of all, and enough to be worth it.
func TestDelaysAreSwept(t *testing.T) {
	for _, c := range []struct{ all, removed, left int }{
		{2 * leastSweep, leastSweep - 1, 2 * leastSweep},
		{2 * leastSweep, leastSweep, leastSweep},
		{2*leastSweep - 2, leastSweep - 1, 2*leastSweep - 2},
		{2*leastSweep + 2, leastSweep, 2*leastSweep + 2},
		{2*leastSweep + 2, leastSweep + 1, leastSweep + 1},
	} {
		for _, step := range []time.Duration{-1, 1} { // in the heap, in line
			var d delays
			var all []*object
			for i := range c.all {
				o := &object{state: waiting, resume: start.Add(time.Duration(i) * step)}
				d.push(o)
				all = append(all, o)
			}
			for _, o := range all[:c.removed] {
				d.remove(o)
			}
			if n := d.line.Len() + len(d.heap); n != c.left {
				t.Errorf("%+v: %d are left", c, n)
			}
		}
	}
}
