package simulator

import (
	"encoding/json"
	"flag"
	"fmt"
	"strings"
	"sync"
	"testing"
)

var (
	first = flag.Uint64("first", 0, "the first seed")
	seeds = flag.Uint64("seeds", defaultSeeds, "how many")
	plans = flag.Bool("plans", false, "print the plans of seeds that fail, and what happened")
)

// workers is how many simulations run side by side.
const workers = 2

// TestSeeds: no seed breaks a promise.
func TestSeeds(t *testing.T) {
	n := *seeds
	if testing.Short() {
		n = min(n, 25)
	}
	var mu sync.Mutex
	var all Figures
	t.Run("workers", func(t *testing.T) {
		for i := range uint64(workers) {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				for s := *first + i; s < *first+n; s += workers {
					r := Run(t, NewPlan(s))
					mu.Lock()
					all.Add(&r.Figures)
					mu.Unlock()
					report(t, r)
				}
			})
		}
	})
	for p := Packets; p <= Shutdown; p++ {
		if all.Checks[p] == 0 && n >= 100 {
			t.Errorf("%v: never checked", p)
		}
	}
	t.Logf("%+v", all)
}

// report fails the test for each promise that was broken.
func report(t *testing.T, r *Result) {
	t.Helper()
	for _, v := range r.Violations {
		t.Errorf("%v: %v", r.Plan, v)
	}
	if *plans && len(r.Violations) > 0 {
		b, err := json.MarshalIndent(r.Plan, "", " ")
		t.Logf("%s\n%s\n%v", b, strings.Join(r.Trace, "\n"), err)
	}
}
