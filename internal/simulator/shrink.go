package simulator

import (
	"context"
	"encoding/json"
	"slices"
)

// attempts is how often a smaller plan may pass before it is dropped: the order of goroutines is left to chance.
const attempts = 3

// Shrink makes a plan that breaks a promise smaller, as long as it breaks the same one, until nothing can be left out
// or ctx ends. It returns the result of the smallest plan, and how many simulations ran.
func (b Bubbles) Shrink(ctx context.Context, r *Result) (smallest *Result, ran int) {
	return shrink(ctx, r, func(p *Plan) *Result { return Run(b.t, p) })
}

func shrink(ctx context.Context, r *Result, run func(*Plan) *Result) (smallest *Result, ran int) {
	promise := r.Violations[0].Promise
	smallest = r
	for found := true; found; {
		found = false
		for _, p := range smaller(smallest.Plan) {
			for range attempts {
				if ctx.Err() != nil {
					return smallest, ran
				}
				ran++
				next := run(p)
				if slices.ContainsFunc(next.Violations, func(v Violation) bool { return v.Promise == promise }) {
					smallest, found = next, true
					break
				}
			}
			if found {
				break // from the start: what could not be left out may be now
			}
		}
	}
	return smallest, ran
}

// smaller returns plans that have a little less than p, the least of them first.
func smaller(p *Plan) (list []*Plan) {
	try := func(change func(p *Plan)) {
		c := p.clone()
		change(c)
		if !c.equal(p) {
			list = append(list, c)
		}
	}
	try(func(p *Plan) { p.Incidents = nil })
	try(func(p *Plan) { p.Crashes = nil })
	try(func(p *Plan) { p.Link = LinkPlan{} })
	try(func(p *Plan) { p.Hostile, p.Spoofed = 0, false })
	for i := range p.Sessions {
		if len(p.Sessions) > 1 {
			try(func(p *Plan) { p.Sessions = slices.Delete(p.Sessions, i, i+1) })
		}
	}
	for i := range p.Incidents {
		try(func(p *Plan) { p.Incidents = slices.Delete(p.Incidents, i, i+1) })
	}
	for i := range p.Crashes {
		try(func(p *Plan) { p.Crashes = slices.Delete(p.Crashes, i, i+1) })
	}
	for i := range p.Link.Fades {
		try(func(p *Plan) { p.Link.Fades = slices.Delete(p.Link.Fades, i, i+1) })
	}
	for _, change := range []func(l *LinkPlan){
		func(l *LinkPlan) { l.Loss, l.Burst = 0, 0 },
		func(l *LinkPlan) { l.Burst = 0 },
		func(l *LinkPlan) { l.Duplicate = 0 },
		func(l *LinkPlan) { l.Reorder, l.Depth = 0, 0 },
		func(l *LinkPlan) { l.Jitter = 0 },
		func(l *LinkPlan) { l.Flip = 0 },
	} {
		try(func(p *Plan) { change(&p.Link) })
	}
	try(func(p *Plan) { p.Bystanders = 0 })
	try(func(p *Plan) { p.Spoofed = false })
	try(func(p *Plan) { p.Join = 0 })
	for i := range p.Sessions {
		for f := range p.Sessions[i].Files {
			if s := &p.Sessions[i]; len(s.Files) > 1 {
				try(func(p *Plan) {
					s := &p.Sessions[i]
					s.Files, s.GZIP = slices.Delete(s.Files, f, f+1), slices.Delete(s.GZIP, f, f+1)
				})
			}
		}
		for _, change := range []func(s *SessionPlan){
			func(s *SessionPlan) { clear(s.GZIP) },
			func(s *SessionPlan) { s.FDTCENC = 0 },
			func(s *SessionPlan) { s.InTransfer = false },
			func(s *SessionPlan) { s.FDTFiles = 0 },
			func(s *SessionPlan) { s.FDTOnly = false },
			func(s *SessionPlan) { s.Undigested = false },
			func(s *SessionPlan) { s.SameNumbers = false },
			func(s *SessionPlan) { s.FEC = "no-code" },
			func(s *SessionPlan) { s.Parallel, s.Interleave = 1, 1 },
		} {
			try(func(p *Plan) { change(&p.Sessions[i]) })
		}
	}
	return list
}

// clone returns a deep copy.
func (p *Plan) clone() *Plan {
	c := &Plan{}
	if err := json.Unmarshal(p.encode(), c); err != nil {
		panic(err) // it has just been written
	}
	return c
}

func (p *Plan) equal(other *Plan) bool { return string(p.encode()) == string(other.encode()) }

func (p *Plan) encode() []byte {
	b, err := json.Marshal(p)
	if err != nil {
		panic(err) // plain values
	}
	return b
}
