package receiver

import (
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/fdt"
)

// challenged returns a session in which run 2, on the only line, has a rival against run 1, and the rival.
func challenged(t *testing.T) (*rig, *rival) {
	t.Helper()
	r := newRig(t)
	in := &instance{instanceRecord: instanceRecord{id: 9, run: 2}}
	r.l.rival = rival{
		in: in, files: map[flute.TOI]*fdt.File{}, listing: &fdt.Instance{}, run: 2, against: 1,
		evidence: evidence{seen: 2, since: r.now},
	}
	r.l.lines[0] = line{port: 1, run: 2, told: true, last: r.now}
	r.l.last = r.now
	return r, &r.l.rival
}

// A rival wins where it is heard again and the sender before is not: at once after a long silence, soon after an A
// flag or from another port, else after a time. One packet is no evidence, and one symbol heard twice is a strong one.
func TestJudge(t *testing.T) {
	weak := func(r *rival) { r.seen, r.data, r.proofs = 1, 1, 0 }
	quiet := func(l *Ledger) { l.lines[0].quiet = true }
	// old makes run 1 one that came on a port of its own, which is silent for d.
	old := func(l *Ledger, d time.Duration) { l.lines[1] = line{port: 2, run: 1, told: true, last: start.Add(-d)} }
	// same makes it doubtful whether run 2 is another than run 1.
	same := func(l *Ledger) { l.lines[0].told, l.lines[0].before = false, 1 }
	since := func(r *rival, d time.Duration) { r.since = start.Add(-d) }
	for name, c := range map[string]struct {
		edit func(l *Ledger, r *rival)
		want bool
	}{
		"nothing":           {func(*Ledger, *rival) {}, false},
		"quiet":             {func(l *Ledger, _ *rival) { quiet(l) }, true},
		"quiet, weak":       {func(l *Ledger, r *rival) { quiet(l); weak(r) }, false},
		"quiet, a proof":    {func(l *Ledger, r *rival) { quiet(l); weak(r); r.proofs = 1 }, true},
		"quiet, partial":    {func(l *Ledger, r *rival) { quiet(l); r.partial = true }, false},
		"quiet, one packet": {func(l *Ledger, r *rival) { quiet(l); r.seen, r.proofs = 1, 1 }, false},
		"quiet, not read":   {func(l *Ledger, r *rival) { quiet(l); r.files = nil }, false},
		"quiet, no line":    {func(l *Ledger, r *rival) { quiet(l); r.run = 3 }, false},
		"A flag":            {func(l *Ledger, _ *rival) { l.lines[0].ended = start.Add(-endedTime) }, true},
		"A flag, early":     {func(l *Ledger, _ *rival) { l.lines[0].ended = start.Add(1 - endedTime) }, false},
		"A flag, weak":      {func(l *Ledger, r *rival) { l.lines[0].ended = start.Add(-endedTime); weak(r) }, false},
		"A flag, no line":   {func(l *Ledger, r *rival) { l.lines[0].ended = start.Add(-endedTime); r.run = 3 }, false},
		"A flag, interval": {func(l *Ledger, _ *rival) {
			l.lines[0].ended, l.fdtInterval = start.Add(-1600*time.Millisecond), 800*time.Millisecond
		}, true},
		"A flag, interval, early": {func(l *Ledger, _ *rival) {
			l.lines[0].ended, l.fdtInterval = start.Add(1-1600*time.Millisecond), 800*time.Millisecond
		}, false},
		"port":            {func(l *Ledger, _ *rival) { old(l, portSilence) }, true},
		"port, early":     {func(l *Ledger, _ *rival) { old(l, portSilence-1) }, false},
		"port, weak":      {func(l *Ledger, r *rival) { old(l, portSilence); weak(r) }, false},
		"port, no line":   {func(l *Ledger, r *rival) { old(l, portSilence); r.run = 3 }, false},
		"port of nobody":  {func(l *Ledger, _ *rival) { old(l, 0); l.lines[1].run = 5 }, true},
		"the same port":   {func(l *Ledger, _ *rival) { old(l, time.Minute); l.lines[1].run = 5; same(l) }, false},
		"time":            {func(_ *Ledger, r *rival) { since(r, rivalTime) }, true},
		"time, weak":      {func(_ *Ledger, r *rival) { since(r, rivalTime); weak(r) }, true},
		"time, early":     {func(_ *Ledger, r *rival) { since(r, rivalTime-1) }, false},
		"time, same port": {func(l *Ledger, r *rival) { since(r, rivalTime); same(l) }, true},
		"time, port":      {func(l *Ledger, r *rival) { since(r, rivalTime); weak(r); old(l, portSilence) }, true},
		"time, port, early": {func(l *Ledger, r *rival) {
			since(r, rivalTime)
			weak(r)
			old(l, portSilence-1)
		}, false},
		"time, interval": {func(l *Ledger, r *rival) { l.fdtInterval = time.Second; since(r, 3*time.Second) }, true},
		"time, interval, early": {func(l *Ledger, r *rival) {
			l.fdtInterval = time.Second
			since(r, 3*time.Second-1)
		}, false},
		"time, long interval": {func(l *Ledger, r *rival) { l.fdtInterval = time.Hour; since(r, maxRivalTime) }, true},
	} {
		r, rival := challenged(t)
		c.edit(r.l, rival)
		heard := rival.isHeard()
		if got := r.s.judge(r.now); got != c.want || (r.l.rival.in == nil) != c.want {
			t.Errorf("%s: won %v, the rival is %v", name, got, r.l.rival.in)
		}
		if again := r.l.wake.Equal(r.now.Add(portSilence)); again != (heard && !c.want) {
			t.Errorf("%s: judged again at %v", name, r.l.wake)
		}
	}
}

// A packet speaks for a rival if it comes on the line of the rival, and what that describes is known. One on the line
// of the sender before, if that has its own, takes away all that spoke for the rival.
func TestWeigh(t *testing.T) {
	now := start.Add(time.Second)
	for name, c := range map[string]struct {
		edit       func(l *Ledger, r *rival)
		line       int
		seen, data int
	}{
		"on its line":    {func(*Ledger, *rival) {}, 0, 1, 1},
		"not read":       {func(_ *Ledger, r *rival) { r.files = nil }, 0, 1, 0},
		"on another":     {func(l *Ledger, _ *rival) { l.lines[1] = line{run: 5, told: true} }, 1, 1, 0},
		"on the old one": {func(l *Ledger, _ *rival) { l.lines[1] = line{run: 1, told: true} }, 1, 0, 0},
		"on that of both": {func(l *Ledger, _ *rival) {
			l.lines[0].told, l.lines[0].before = false, 1
		}, 0, 1, 1},
		"on that of both, not read": {func(l *Ledger, r *rival) {
			l.lines[0].told, l.lines[0].before, r.files = false, 1, nil
		}, 0, 1, 0},
	} {
		r, rival := challenged(t)
		rival.evidence = evidence{seen: 1}
		c.edit(r.l, rival)
		if r.s.weigh(now, &r.l.lines[c.line], nil, &alc.Packet{}) {
			t.Errorf("%s: it has won", name)
		}
		if rival.seen != c.seen || rival.data != c.data || rival.since.Equal(now) != (c.data > 0) {
			t.Errorf("%s: %+v", name, rival.evidence)
		}
	}
	r, rival := challenged(t)
	rival.evidence = evidence{seen: 1}
	r.l.lines[0].quiet = true
	o := plain(t, 1, 300, 100, 4)
	file := o.file("a")
	rival.files[o.toi] = &file
	p := mustParse(t, o.packet(0, 0, 1))
	if !r.s.weigh(now, &r.l.lines[0], nil, &p) {
		t.Error("a proof after a long silence is not enough")
	}
	if r.l.dropRival(); r.s.weigh(now, &r.l.lines[0], nil, &p) {
		t.Error("there is no rival, and it has won")
	}
}

// Evidence counts from when it is more than one packet, and that moment stays.
func TestEvidenceSince(t *testing.T) {
	var v evidence
	for i, want := range []time.Time{{}, start.Add(time.Second), start.Add(time.Second)} {
		counter := &v.data
		if i == 1 {
			counter = &v.seen
		}
		if v.add(start.Add(time.Duration(i)*time.Second), counter); !v.since.Equal(want) {
			t.Errorf("after %d packets: since %v, want %v", i+1, v.since, want)
		}
	}
}

// A packet proves that it is of the rival, if it has the FEC OTI that the rival gives its object, and not the one that
// is known.
func TestProves(t *testing.T) {
	o := plain(t, 1, 300, 100, 4)
	other := noCode(400, 100, 4)
	described, otherwise := o.file("a"), o.file("a")
	otherwise.OTI = other
	without := o.file("a")
	without.HasOTI = false
	held := func(oti fec.OTI) *holding {
		r := newRig(t)
		r.feed(describe(t, 0, o.file("a")), o.packet(0, 0, 1))
		h := r.l.entries[o.toi].held
		h.OTI = oti
		return h
	}
	for name, c := range map[string]struct {
		e    *entry
		edit func(r *rival, p *alc.Packet)
		want bool
	}{
		"not known":            {nil, nil, true},
		"not described":        {&entry{}, nil, true},
		"described alike":      {&entry{record: record{file: &described}}, nil, false},
		"described otherwise":  {&entry{record: record{file: &otherwise}}, nil, true},
		"described without it": {&entry{record: record{file: &without}}, nil, false},
		"held alike":           {&entry{record: record{file: &otherwise}, held: held(o.oti)}, nil, false},
		"held otherwise":       {&entry{record: record{file: &described}, held: held(other)}, nil, true},
		"no EXT_FTI":           {nil, func(_ *rival, p *alc.Packet) { p.FTI = nil }, false},
		"a wrong EXT_FTI":      {nil, func(_ *rival, p *alc.Packet) { p.FTI = p.FTI[:3] }, false},
		"another EXT_FTI":      {nil, func(_ *rival, p *alc.Packet) { p.FTI = other.AppendFTI(nil) }, false},
		"not of the rival":     {nil, func(r *rival, _ *alc.Packet) { clear(r.files) }, false},
		"the rival tells none": {nil, func(r *rival, _ *alc.Packet) { r.files[o.toi].HasOTI = false }, false},
	} {
		r, rival := challenged(t)
		file := o.file("a")
		rival.files[o.toi] = &file
		p := mustParse(t, o.packet(0, 0, 1))
		if c.edit != nil {
			c.edit(rival, &p)
		}
		if got := r.s.proves(c.e, &p); got != c.want {
			t.Errorf("%s: proved %v", name, got)
		}
	}
}

// The first symbol of the rival speaks for it, that of a known FDT Instance which it contradicts, or of a third run,
// against it.
func TestSupport(t *testing.T) {
	const nothing, counted, reset = "nothing", "counted", "reset"
	known := func(of run) instance { return instance{instanceRecord: instanceRecord{read: true, run: of}} }
	presumed, unread := known(1), known(1)
	presumed.presumed, unread.read = start, false
	for name, c := range map[string]struct {
		own  bool // it is that of the rival
		in   instance
		edit func(r *rival)
		want string
	}{
		"its own":        {own: true, want: counted},
		"contradicted":   {in: known(1), want: reset},
		"of a third run": {in: known(7), want: reset},
		"of its own run": {in: known(2), want: nothing},
		"not read":       {in: unread, want: nothing},
		"presumed":       {in: presumed, want: nothing},
		"of both":        {in: known(2), edit: func(r *rival) { r.against = 2 }, want: reset},
		"there is none":  {in: known(1), edit: func(r *rival) { r.in = nil }, want: nothing},
	} {
		r, rival := challenged(t)
		if c.edit != nil {
			c.edit(rival)
		}
		in := &c.in
		if c.own {
			in = rival.in
		}
		e := &entry{record: record{toi: flute.NewTOI(5), contested: true}}
		r.l.entries[e.toi] = e
		held := &apart{runs: []apartRun{{}}}
		held.runs[0].packets.add(kept(noCode(20, 10, 2), fec.OTI{}, 0, 0))
		r.l.apart = map[flute.TOI]*apart{e.toi: held}
		r.s.support(r.now, &r.l.lines[0], in)
		got := nothing
		switch {
		case rival.seen == 3:
			got = counted
		case rival.evidence == evidence{}:
			got = reset
		}
		if got != c.want || e.contested != (c.want != reset) || len(e.pending.packets) > 0 != (c.want == reset) {
			t.Errorf("%s: %s, contested %v, packets of its own %v; want %s",
				name, got, e.contested, e.pending.packets, c.want)
		}
	}
	r, rival := challenged(t)
	rival.seen, r.l.lines[0].quiet = 1, true
	if r.s.support(r.now, &r.l.lines[0], rival.in); r.l.rival.in != nil {
		t.Error("what speaks for the rival is enough, and it has not won")
	}
	// Where its line went on with another sender meanwhile, it may be of a run of its own.
	for _, partial := range []bool{false, true} {
		r, rival := challenged(t)
		rival.partial = partial
		r.l.lines[0].run, r.l.runs = 8, 8
		r.s.support(r.now, &r.l.lines[0], rival.in)
		ln := &r.l.lines[0]
		if seam := ln.run == 9; seam == partial || (rival.run == 9) == partial || (rival.in.run == 9) == partial {
			t.Errorf("partial %v: the line sends run %d, the rival is of run %d", partial, ln.run, rival.run)
		}
	}
}
