package simulator

import (
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
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

// TestSeedsThatFailed: what a search beyond the seeds of TestSeeds has found, and what it was.
func TestSeedsThatFailed(t *testing.T) {
	for seed, fault := range map[uint64]string{
		566:  "a cut packet was the first symbol of an FDT Instance",
		755:  "an older version in doubt was published after a newer one",
		3778: "a new object began in the events of the one that had its TOI before",
		3845: "a session waited for the end of an object whose Work nobody took",
		4413: "a symbol that came after a guess was not noted",
		4570: "an old FDT Instance that was sent again brought back an older version",
		4897: "an object was given to a stranger who had sent the sender's packets again",
		6437: "an object completed while its TOI named another one",
		6667: "as 4897",
		6975: "what came before the FDT Instance after a pause was forgotten",
		7181: "an object in doubt was described again",
		7225: "as 4897",
		7505: "an older version that waited for its disk was published after a newer one",
		7952: "as 4897",
		8509: "a session crashed when it was told to end",
		9214: "as 4897",
		9724: "a write was cut of another process than that of the incident",

		20045: "a damaged EXT_FTI came first",
		21421: "a file that came before any FDT Instance was taken for that of the next program",
		22107: "what was held apart after a pause was taken for stored",
		9465:  "a crash lost what was held apart, and it was taken for stored",
		22172: "as 20045",
		34522: "the next FDT Instance of a sender, whose head came twice, was taken for that of a restart",
	} {
		t.Run(fmt.Sprintf("%d %s", seed, fault), func(t *testing.T) {
			t.Parallel()
			report(t, Run(t, NewPlan(seed)))
		})
	}
}

// A plan that breaks a promise is made smaller: all is left out that the fault does not need.
func TestShrink(t *testing.T) {
	p := NewPlan(0)
	for len(p.Incidents) < 3 || len(p.Sessions[0].Files) < 2 || p.Link.Loss == 0 {
		p = NewPlan(p.Seed + 1)
	}
	needed := p.Incidents[1]
	run := func(p *Plan) *Result {
		r := &Result{Plan: p}
		if slices.Contains(p.Incidents, needed) {
			r.Violations = []Violation{{Promise: Bounds}}
		}
		return r
	}
	small, ran := shrink(t.Context(), run(p), run)
	s := small.Plan
	if len(s.Incidents) != 1 || len(s.Sessions) != 1 || len(s.Sessions[0].Files) != 1 || s.Link.Loss != 0 ||
		s.Link.Fades != nil || s.Bystanders != 0 || s.Hostile != 0 {
		t.Errorf("after %d simulations: %s", ran, s.encode())
	}
	if other := NewPlan(p.Seed); !other.equal(p) {
		t.Error("the plan itself was changed")
	}
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

// Plans that broke a promise once, made smaller.
var broke = map[string]Plan{
	"a fade right after the first packets of a file": {
		Seed: 1194, Strict: true, Budget: 64 << 20, SessionBudget: 16 << 20, Length: 4601 * time.Millisecond,
		Sessions: []SessionPlan{{
			FEC: "rs", Symbol: 400, Block: 15, Rate: 2_000_000, Parallel: 1, Interleave: 1, Pause: 3 * time.Second,
			Files: []int{199_933, 199_921, 99_973},
		}},
		Link:      LinkPlan{Fades: []Fade{{At: 2715 * time.Millisecond, For: 3716 * time.Millisecond}}},
		Incidents: []Incident{{At: 5595 * time.Millisecond, What: killReceiver, For: 1968 * time.Millisecond}},
	},
}

func TestBroke(t *testing.T) {
	for name, p := range broke {
		t.Run(name, func(t *testing.T) { report(t, Run(t, &p)) })
	}
}
