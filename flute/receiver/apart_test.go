package receiver

import (
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
)

// An object is given back to the run that comes, if the FDT Instance that describes it was read and is of that run.
func TestReclaim(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(l *Ledger, e *entry, in *instance)
		want bool
	}{
		"of the run":         {func(*Ledger, *entry, *instance) {}, true},
		"not told":           {func(l *Ledger, _ *entry, _ *instance) { l.lines[0].told = false }, false},
		"contested":          {func(_ *Ledger, e *entry, _ *instance) { e.contested = true }, false},
		"not described":      {func(_ *Ledger, e *entry, _ *instance) { e.file = nil }, false},
		"not read":           {func(_ *Ledger, _ *entry, in *instance) { in.read = false }, false},
		"of another run":     {func(_ *Ledger, _ *entry, in *instance) { in.run = 5 }, false},
		"of an earlier one":  {func(_ *Ledger, _ *entry, in *instance) { in.serial++ }, false},
		"forgotten":          {func(l *Ledger, _ *entry, _ *instance) { clear(l.instances) }, false},
		"described by other": {func(_ *Ledger, e *entry, _ *instance) { e.instance++ }, false},
	} {
		r := newRig(t)
		e := described(t, r)
		in := r.l.instances[e.instance]
		e.run = 9
		ln := &r.l.lines[0]
		c.edit(r.l, e, in)
		if r.s.reclaim(ln, e); (e.run == ln.run) != c.want || e.mixed != c.want {
			t.Errorf("%s: run %d, mixed %v", name, e.run, e.mixed)
		}
	}
	r := newRig(t)
	e := described(t, r)
	if r.s.reclaim(&r.l.lines[0], e); e.mixed {
		t.Error("what is of the run is taken on trust")
	}
	r.s.reclaim(&r.l.lines[0], nil)
	other := &r.l.lines[1]
	if r.s.foreign(&r.l.lines[0], e) || !r.s.foreign(other, e) {
		t.Error("whose port it is")
	}
	if e.run = 99; r.s.foreign(other, e) {
		t.Error("a sender that nobody hears has a port")
	}
}

// What is held is charged, renamed and forgotten by run.
func TestHeldApart(t *testing.T) {
	var none *apart
	none.rename(func(run) bool { return true }, 1)
	if none.has(0) {
		t.Error("nothing is held")
	}
	oti := noCode(300, 100, 4)
	h := &apart{runs: []apartRun{{1, *keeping(oti, 0)}, {2, pending{}}, {3, *keeping(oti, 0, 1)}}}
	if one := keptCost(kept(oti, oti, 0, 0)); h.bytes() != 3*one {
		t.Errorf("%d bytes", h.bytes())
	}
	if !h.has(1) || h.has(2) || !h.has(3) || h.has(4) {
		t.Error("of which runs packets are held")
	}
	h.rename(func(r run) bool { return r == 3 }, 7)
	if h.dropEmpty(); len(h.runs) != 2 || h.runs[0].run != 1 || h.runs[1].run != 7 {
		t.Errorf("%+v", h.runs)
	}
	r := newRig(t)
	used := h.bytes()
	r.l.undescribed.budget.TryReserve(used)
	last := h.runs[1].packets.bytes
	if r.l.forgetAllButLast(h); len(h.runs) != 1 || h.runs[0].run != 7 || r.l.undescribed.budget.Used() != last {
		t.Errorf("%+v, %d bytes", h.runs, r.l.undescribed.budget.Used())
	}
	r.l.apart, r.l.apartSince = map[flute.TOI]*apart{flute.NewTOI(1): h}, start
	if r.l.forgetApart(); len(r.l.apart) != 0 || r.l.undescribed.budget.Used() != 0 || !r.l.apartSince.IsZero() {
		t.Errorf("%d are held, %d bytes", len(r.l.apart), r.l.undescribed.budget.Used())
	}
}

// What is held is looked at when it has waited long enough, and not before.
func TestSweepApart(t *testing.T) {
	oti, before := noCode(300, 100, 4), start.Add(-apartPatience)
	for name, c := range map[string]struct {
		since       time.Time
		held        bool
		sinceThen   time.Time
		wake        time.Time
		isForgotten bool
	}{
		"nothing": {},
		"empty":   {since: start},
		"early": {
			since: before.Add(1), held: true, sinceThen: before.Add(1), wake: start.Add(1),
		},
		"in time": {
			since: before, held: true, sinceThen: start, wake: start.Add(apartPatience), isForgotten: true,
		},
	} {
		r := newRig(t)
		r.l.undescribed.budget.TryReserve(10_000)
		r.l.apartSince = c.since
		if c.held { // of an object that there is not any more
			r.l.apart = map[flute.TOI]*apart{flute.NewTOI(1): {runs: []apartRun{{1, *keeping(oti, 0)}}}}
		}
		r.s.sweepApart(start)
		released := r.l.undescribed.budget.Used() < 10_000
		if !r.l.apartSince.Equal(c.sinceThen) || !r.l.wake.Equal(c.wake) || released != c.isForgotten ||
			(len(r.l.apart) > 0) != (c.held && !c.isForgotten) {
			t.Errorf("%s: since %v, again at %v, %d are held", name, r.l.apartSince, r.l.wake, len(r.l.apart))
		}
	}
}

// What is held of one run is the whole of an object, if it suffices for its FEC OTI, and nothing else is known of it.
func TestIsRepeated(t *testing.T) {
	oti := noCode(30, 10, 3)
	file := object{t: t, toi: flute.NewTOI(1), oti: oti}.file("a")
	without := file
	without.HasOTI = false
	all, part := keeping(oti, 0, 1, 2), keeping(oti, 0, 1)
	for name, c := range map[string]struct {
		e    entry
		k    *pending
		want bool
	}{
		"all":           {entry{record: record{file: &file}}, all, true},
		"a part":        {entry{record: record{file: &file}}, part, false},
		"not described": {entry{}, all, false},
		"without OTI":   {entry{record: record{file: &without}}, all, false},
		"touched":       {entry{record: record{file: &file}, pending: *part}, all, false},
		"ended":         {entry{record: record{file: &file, phase: failed}}, all, false},
	} {
		if got := c.e.isRepeated(c.k); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	r := newRig(t)
	e := described(t, r)
	whole := keeping(e.held.OTI, 0, 1, 2)
	if !e.isRepeated(whole) || e.isRepeated(keeping(e.held.OTI, 0, 1)) {
		t.Error("of an object in reception")
	}
	if e.phase = resting; e.isRepeated(whole) {
		t.Error("of one that rests")
	}
}
