package receiver

import (
	"errors"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
)

// What came before the run whose FDT Instance describes it is used if a digest will tell whose it is, or if nothing
// needs to be added to it and that run sends nothing under its TOI.
func TestClaim(t *testing.T) {
	const to = run(4)
	oti := noCode(30, 10, 3)
	for name, c := range map[string]struct {
		phase   phase
		kept    fec.ESI // packets, of 3
		apart   run     // of which a packet is held
		digest  bool
		claimed bool
		dropped bool
		renamed bool
	}{
		"whole":               {phase: announced, kept: 3, claimed: true},
		"whole, receiving":    {phase: receiving, kept: 3, claimed: true},
		"whole, finishing":    {phase: finishing, kept: 3},
		"a part":              {phase: announced, kept: 2, dropped: true},
		"a part, receiving":   {phase: receiving, kept: 2, dropped: true},
		"a part, finishing":   {phase: finishing, kept: 2},
		"whole, others come":  {phase: announced, kept: 3, apart: to, dropped: true},
		"whole, others came":  {phase: announced, kept: 3, apart: 3, claimed: true},
		"a part, digest":      {phase: announced, kept: 2, digest: true},
		"others came, digest": {phase: announced, kept: 2, apart: 3, digest: true, renamed: true},
	} {
		r := newRig(t)
		r.l.now = start
		r.l.lines[0] = line{run: to, doubts: []run{3, to}}
		r.l.undescribed.budget.TryReserve(10_000) // for what is kept
		e := &entry{record: record{toi: flute.NewTOI(1), phase: c.phase, run: 1}}
		e.pending = *keeping(oti, firstESIs(c.kept)...)
		r.l.entries[e.toi] = e
		held := &apart{}
		if c.apart != 0 {
			held.runs = []apartRun{{c.apart, *keeping(oti, 0)}}
		}
		r.l.apart = map[flute.TOI]*apart{e.toi: held}
		file := object{t: t, toi: e.toi, oti: oti, content: make([]byte, 30)}.file("a")
		if c.digest {
			file.MD5 = make([]byte, 16)
		}
		r.s.claim(e, &file, to)
		if e.claimed.Equal(start) != c.claimed || (e.pending.bytes == 0) != c.dropped || e.run != to {
			t.Errorf("%s: claimed %v, %d bytes kept, of run %d", name, e.claimed, e.pending.bytes, e.run)
		}
		if c.dropped && e.phase != announced || !c.dropped && e.phase != c.phase {
			t.Errorf("%s: %v", name, e.phase)
		}
		if renamed := len(held.runs) > 0 && held.runs[0].run == to; renamed != (c.renamed || c.apart == to) {
			t.Errorf("%s: renamed %v", name, renamed)
		}
		// A packet of that run: what is claimed is received anew, if it has not ended.
		if e.pending = *keeping(oti, 0); !c.claimed {
			e.claimed = noTime
		}
		e.file = &file
		before := e.phase
		r.s.disclaim(e)
		if c.claimed {
			before = announced
		}
		if (e.pending.bytes == 0) != c.claimed || e.phase != before || !e.claimed.IsZero() {
			t.Errorf("%s: %d bytes are kept of what is disclaimed: %v, %v", name, e.pending.bytes, e.phase, e.claimed)
		}
	}
}

// What is not used any more does not stay in the store.
func TestClaimDiscards(t *testing.T) {
	for name, end := range map[string]func(r *rig, e *entry){
		"claim": func(r *rig, e *entry) {
			file := e.file
			e.file = nil
			r.s.claim(e, file, 5)
		},
		"disclaim": func(r *rig, e *entry) {
			e.claimed = start
			r.s.disclaim(e)
		},
	} {
		r := newRig(t)
		o := plain(t, 1, 300_000, 1000, 64)
		r.feed(describe(t, 10, o.file("a")))
		r.feed(o.all()[:250]...)
		e := r.l.entries[o.toi]
		if r.store.Staged() != 1 {
			t.Fatalf("%s: nothing is in the store", name)
		}
		end(r, e)
		if r.settle(); r.store.Staged() != 0 || e.held != nil || e.phase != announced {
			t.Errorf("%s: %d objects in the store, %v", name, r.store.Staged(), e.phase)
		}
	}
}

// What is taken on trust belongs to the run that sends it, with what was held of it, and is mixed.
func TestTrust(t *testing.T) {
	r := newRig(t)
	e := described(t, r)
	r.l.undescribed.budget.TryReserve(10_000)
	ln := &r.l.lines[0]
	*ln = line{run: 4, doubts: []run{3, 4}}
	r.l.apart = map[flute.TOI]*apart{e.toi: {runs: []apartRun{{3, *keeping(noCode(300, 100, 4), 1)}}}}
	r.s.trust(ln, e)
	if e.run != 4 || !e.mixed || !e.listed || len(e.pending.packets) != 1 || len(r.l.apart) != 0 {
		t.Errorf("run %d, mixed %v, %d packets", e.run, e.mixed, len(e.pending.packets))
	}
}

// Only what has not ended, and what no digest tells, can be claimed.
func TestIsClaimed(t *testing.T) {
	plainFile, digest := plain(t, 1, 30, 10, 3).file("a"), plain(t, 1, 30, 10, 3).file("a")
	digest.MD5 = make([]byte, 16)
	for name, c := range map[string]struct {
		e    entry
		want bool
	}{
		"claimed":   {entry{record: record{phase: receiving, file: &plainFile}, claimed: start}, true},
		"not":       {entry{record: record{phase: receiving, file: &plainFile}}, false},
		"finishing": {entry{record: record{phase: finishing, file: &plainFile}, claimed: start}, false},
		"digest":    {entry{record: record{phase: receiving, file: &digest}, claimed: start}, false},
	} {
		if got := c.e.isClaimed(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Whether nothing needs to be added to what came is told by what is received, by EXT_FTI, or by the File.
func TestMayBeWhole(t *testing.T) {
	oti := noCode(30, 10, 3)
	longer := noCode(40, 10, 4)
	one, empty := noCode(1, 10, 3), noCode(0, 10, 3)
	for name, c := range map[string]struct {
		kept, fti fec.OTI
		n         fec.ESI
		file      fec.OTI
		has       bool
		want      bool
	}{
		"by EXT_FTI":                {oti, oti, 3, longer, true, true},
		"by EXT_FTI, not":           {oti, oti, 2, oti, true, false},
		"by the File":               {oti, fec.OTI{}, 3, oti, true, true},
		"by the File, one byte":     {one, fec.OTI{}, 1, one, true, true},
		"by the File, not":          {oti, fec.OTI{}, 3, longer, true, false},
		"by the File, without OTI":  {oti, fec.OTI{}, 3, oti, false, false},
		"by the File, which is bad": {oti, fec.OTI{}, 3, empty, true, false},
	} {
		k := &pending{}
		for esi := range c.n {
			k.add(kept(c.kept, c.fti, 0, esi))
		}
		file := object{t: t, oti: c.file}.file("a")
		file.HasOTI = c.has
		if got := (&entry{pending: *k}).mayBeWhole(&file); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	r := newRig(t)
	o := plain(t, 1, 300, 100, 4)
	file := o.file("a")
	r.manual, r.slow = true, true
	r.feed(describe(t, 0, file), o.packet(0, 0, 1))
	e := r.l.entries[o.toi]
	if e.mayBeWhole(&file) {
		t.Error("a part of what is received is all of it")
	}
	r.feed(o.all()[1:]...)
	if e.held == nil || !e.mayBeWhole(&file) {
		t.Error("all of what is received is a part of it")
	}
}

// Objects of a run are received anew if nothing will confirm any more that all their packets are of it.
func TestMixedIsReceivedAnew(t *testing.T) {
	for name, c := range map[string]struct {
		edit        func(e *entry)
		anew, stays bool // and it stays in the list
	}{
		"mixed":          {func(*entry) {}, true, false},
		"of another run": {func(e *entry) { e.run = 9 }, false, true},
		"not receiving":  {func(e *entry) { e.phase = announced }, false, true},
		"not any more":   {func(e *entry) { e.mixed = false }, false, false},
		"gone":           {func(e *entry) { e.gone = true }, false, false},
		"ended":          {func(e *entry) { e.phase = completed }, false, false},
		"with a digest":  {func(e *entry) { e.file.MD5 = make([]byte, 16) }, false, false},
	} {
		r := newRig(t)
		o := plain(t, 1, 300_000, 1000, 64)
		r.feed(describe(t, 10, o.file("a")))
		r.feed(o.all()[:250]...)
		e := r.l.entries[o.toi]
		e.run = 3
		r.l.noteMixed(e)
		if r.l.noteMixed(e); len(r.l.mixed) != 1 || !e.mixed || !e.listed {
			t.Errorf("%s: %d in the list", name, len(r.l.mixed))
		}
		c.edit(e)
		r.s.startMixedAnew(3)
		if anew := e.held == nil; anew != c.anew || anew && (e.phase != announced || e.mixed) {
			t.Errorf("%s: received anew %v: %v, mixed %v", name, anew, e.phase, e.mixed)
		}
		if r.settle(); c.anew && r.store.Staged() != 0 {
			t.Errorf("%s: what it had is in the store", name)
		}
		if len(r.l.mixed) == 1 != c.stays || e.listed != c.stays {
			t.Errorf("%s: in the list %v %v", name, r.l.mixed, e.listed)
		}
	}
	r := newRig(t)
	for n := range 20 {
		if r.l.noteMixed(fileOf(receiving)); len(r.l.mixed) != n+1 {
			t.Fatalf("%d of %d are in the list", len(r.l.mixed), n+1)
		}
	}
	// The list does not grow with what is not mixed any more.
	r = newRig(t)
	for range 1000 {
		e := fileOf(receiving)
		r.l.noteMixed(e)
		e.mixed = false
	}
	if n := cap(r.l.mixed); n > 8 {
		t.Errorf("room for %d", n)
	}
}

// RFC 9223, section 6.3.2: the length is that of EXT_FTI or EXT_TOL, or of the File. What the B flag tells alone comes
// last.
func TestTransferLength(t *testing.T) {
	file := plain(t, 1, 30, 10, 3).file("a")
	without := file
	without.TransferLength = nil
	told, weak := &address{length: 7, known: true}, &address{length: 7, known: true, weak: true}
	not := &address{length: 7}
	for name, c := range map[string]struct {
		file    *fdt.File
		address *address
		n       uint64
		known   bool
	}{
		"no packet":             {&file, nil, 0, false},
		"packets":               {&file, told, 7, true},
		"packets, no File":      {nil, told, 7, true},
		"File":                  {&file, not, 30, true},
		"File, and B":           {&file, weak, 30, true},
		"B, File without":       {&without, weak, 7, true},
		"B, no File":            {nil, weak, 7, true},
		"nothing":               {nil, not, 0, false},
		"nothing, File without": {&without, not, 0, false},
	} {
		e := entry{record: record{file: c.file}, address: c.address}
		if n, known := e.transferLength(); n != c.n || known != c.known {
			t.Errorf("%s: %d, %v", name, n, known)
		}
	}
}

// Packets that are held for an object that has a holding do not change when its first one came.
func TestHeldPacketsAndTheFirst(t *testing.T) {
	for _, room := range []uint64{0, 1} {
		r := newRig(t)
		e := described(t, r)
		p := mustParse(t, plain(t, 1, 300, 100, 4).packet(0, 1, 1))
		r.l.undescribed.budget.TryReserve(r.l.undescribed.budget.Limit()/2 - room)
		if err := r.s.hold(r.now, e, &p); errors.Is(err, errExpired) != (room == 0) {
			t.Errorf("half of the memory but %d bytes is taken: %v", room, err)
		}
	}
	for _, held := range []bool{false, true} {
		r := newRig(t)
		e := described(t, r)
		first, now := e.first, r.now.Add(time.Minute)
		if !held {
			r.l.drop(e, true)
		}
		p := mustParse(t, plain(t, 1, 300, 100, 4).packet(0, 1, 1))
		if err := r.s.hold(now, e, &p); err != nil || e.pending.bytes == 0 || !e.touched.Equal(now) ||
			!r.l.wake.Equal(now.Add(r.l.undescribedTimeout())) {
			t.Errorf("held %v: %v: %d bytes", held, err, e.pending.bytes)
		}
		if want := map[bool]time.Time{true: first, false: now}[held]; !e.first.Equal(want) {
			t.Errorf("held %v: first at %v, want %v", held, e.first, want)
		}
	}
}
