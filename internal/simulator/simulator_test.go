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
	seeds = flag.Uint64("seeds", 500, "how many")
	plans = flag.Bool("plans", false, "print the plans of seeds that fail")
)

// TestSeeds: no seed breaks a promise.
func TestSeeds(t *testing.T) {
	n := *seeds
	var mu sync.Mutex
	var all Figures
	for i := range uint64(2) {
		t.Run(fmt.Sprint("worker ", i), func(t *testing.T) {
			t.Parallel()
			for s := *first + i; s < *first+n; s += 2 {
				r := Run(t, NewPlan(s))
				mu.Lock()
				all.Add(&r.Figures)
				mu.Unlock()
				for _, v := range r.Violations {
					t.Errorf("seed %d: %v", s, v)
				}
				if *plans && len(r.Violations) > 0 {
					b, _ := json.MarshalIndent(r.Plan, "", " ")
					t.Logf("%s\n%s", b, strings.Join(r.Trace, "\n"))
				}
			}
		})
	}
	t.Cleanup(func() { t.Logf("%+v", all) })
}
