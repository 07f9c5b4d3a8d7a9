package receiver

import (
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/lct"
)

// listed puts n entries into a list, and returns them.
func listed(list *entryList, n int) (entries []*entry) {
	for i := range n {
		e := &entry{record: record{toi: flute.NewTOI(uint64(1000*n + i))}}
		list.push(e)
		entries = append(entries, e)
	}
	return entries
}

// Of the objects that are not whole the oldest gives way, as long as they are more than one of eight; then it is the
// oldest of the others. None gives way to itself.
func TestOldest(t *testing.T) {
	for name, c := range map[string]struct {
		partial, whole int
		self           int // 1: the oldest partial one asks; 2: the oldest whole one
		want           int // likewise; 0: none
	}{
		"none":                 {0, 0, 0, 0},
		"some are not":         {2, 14, 0, 2},
		"more than one of 8":   {2, 13, 0, 1},
		"none is whole":        {3, 0, 0, 1},
		"all are whole":        {0, 3, 0, 2},
		"it is the oldest":     {3, 3, 1, 2},
		"it is the oldest one": {1, 14, 2, 1},
		"it is the only one":   {1, 0, 1, 0},
	} {
		var u undescribed
		oldest := [3]*entry{}
		if l := listed(&u.partial, c.partial); len(l) > 0 {
			oldest[1] = l[0]
		}
		if l := listed(&u.whole, c.whole); len(l) > 0 {
			oldest[2] = l[0]
		}
		if got := u.oldest(oldest[c.self]); got != oldest[c.want] {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A packet of an undescribed object is kept in memory, unless as much of it is there as a file of the store is worth,
// and it is one of a large object.
func TestKeeps(t *testing.T) {
	large, small := noCode(smallObject+1, 1000, 64), noCode(smallObject, 1000, 64)
	for name, c := range map[string]struct {
		edit func(l *Ledger, e *entry, p *alc.Packet)
		want bool
	}{
		"large":         {func(*Ledger, *entry, *alc.Packet) {}, false},
		"small":         {func(_ *Ledger, _ *entry, p *alc.Packet) { p.FTI = small.AppendFTI(nil) }, true},
		"no EXT_FTI":    {func(_ *Ledger, _ *entry, p *alc.Packet) { p.FTI = nil }, true},
		"wrong EXT_FTI": {func(_ *Ledger, _ *entry, p *alc.Packet) { p.FTI = p.FTI[:2] }, true},
		"little came":   {func(_ *Ledger, e *entry, _ *alc.Packet) { e.pending.bytes-- }, true},
		"many files":    {func(l *Ledger, _ *entry, _ *alc.Packet) { l.undescribed.staged++ }, true},
		"ended":         {func(_ *Ledger, e *entry, p *alc.Packet) { e.phase, p.FTI = failed, nil }, false},
		"received":      {func(_ *Ledger, e *entry, p *alc.Packet) { e.held, p.FTI = &holding{}, nil }, false},
	} {
		l := &Ledger{undescribed: undescribed{staged: maxStaged - 1}}
		e := &entry{pending: pending{bytes: smallObject}}
		p := &alc.Packet{FTI: large.AppendFTI(nil)}
		c.edit(l, e, p)
		if got := l.keeps(e, p); got != c.want {
			t.Errorf("%s: kept %v", name, got)
		}
	}
}

// An object is counted among those with a file once, and among the undescribed ones until it leaves them.
func TestStagedOnce(t *testing.T) {
	r := newRig(t)
	e, err := r.l.entry(start, flute.NewTOI(1))
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := r.l.entry(start, flute.NewTOI(1)); again != e {
		t.Error("two entries of one TOI")
	}
	r.l.stage(e)
	r.l.stage(e)
	used := r.l.undescribed.budget.Used()
	if r.l.undescribed.staged != 1 || !e.staged || r.l.undescribed.count() != 1 || used != undescribedOverhead {
		t.Errorf("%d staged, %d bytes", r.l.undescribed.staged, used)
	}
	if r.l.undescribed.complete(e); r.l.undescribed.whole.n != 1 || r.l.undescribed.partial.n != 0 {
		t.Error("it is not among those that are whole")
	}
	for range 2 {
		r.l.leaveUndescribed(e)
		if used := r.l.undescribed.budget.Used(); r.l.undescribed.staged != 0 || e.staged || used != 0 ||
			r.l.undescribed.count() != 0 {
			t.Errorf("%d staged, %d bytes", r.l.undescribed.staged, used)
		}
	}
	if r.l.undescribed.complete(e); r.l.undescribed.count() != 0 {
		t.Error("one that left is among them again")
	}
}

// What was heard goes to the end of its list, and what is not in one stays out.
func TestTouch(t *testing.T) {
	r := newRig(t)
	list := listed(&r.l.undescribed.partial, 3)
	r.l.touch(start, list[0])
	partial := &r.l.undescribed.partial
	if partial.first != list[1] || partial.last != list[0] || !list[0].touched.Equal(start) {
		t.Error("the first was heard, and is not the last")
	}
	other := &entry{}
	if r.l.touch(start, other); other.list != nil || !other.touched.Equal(start) {
		t.Error("one in no list was heard, and is in one")
	}
	history := listed(&r.l.history, 2)
	if r.l.touch(start, history[0]); r.l.history.first != history[0] {
		t.Error("one of another list has moved")
	}
}

// Silent objects are forgotten when they were silent long enough, the oldest first.
func TestSilentIsForgotten(t *testing.T) {
	r := newRig(t)
	timeout := r.l.undescribedTimeout()
	var entries []*entry
	for i := range uint64(3) {
		e, err := r.l.entry(start.Add(time.Duration(i)), flute.NewTOI(1+i))
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
	if want := start.Add(timeout + timeout/forgetSteps); !r.l.wake.Equal(want) {
		t.Errorf("looked for at %v, want %v", r.l.wake, want)
	}
	r.l.wake = noTime
	r.l.forgetUndescribed(start.Add(timeout + 1))
	if !entries[0].gone || !entries[1].gone || entries[2].gone || r.l.entries[entries[2].toi] != entries[2] {
		t.Error("others were forgotten than the two that were silent")
	}
	if want := start.Add(2 + timeout + timeout/forgetSteps); !r.l.wake.Equal(want) {
		t.Errorf("looked for again at %v, want %v", r.l.wake, want)
	}
	if got := r.l.effects.Ended; len(got) != 2 || got[0] != entries[0].toi || got[1] != entries[1].toi {
		t.Errorf("told: %v", got)
	}
}

// Another undescribed object gives way at the bound, and not before.
func TestUndescribedBound(t *testing.T) {
	r := newRig(t, func(c *Config) { c.MaxUndescribed = 3 })
	for i := range uint64(4) {
		if _, err := r.l.entry(start, flute.NewTOI(1+i)); err != nil {
			t.Fatal(err)
		}
		if n := r.l.undescribed.count(); n != min(int(i)+1, 3) {
			t.Errorf("%d of %d", n, i+1)
		}
	}
	if r.l.entries[flute.NewTOI(1)] != nil || r.l.entries[flute.NewTOI(2)] == nil {
		t.Error("another than the oldest gave way")
	}
	c := &Config{UndescribedBytes: 1000}
	if c.undescribedBytes(4000) != 1000 || c.undescribedBytes(3999) != 999 || c.undescribedBytes(1<<30) != 1000 {
		t.Error("the memory of undescribed objects")
	}
	if c.undescribedCost() != undescribedOverhead {
		t.Error("an address is charged")
	}
	if c.ROUTE = true; c.undescribedCost() != undescribedOverhead+addressOverhead {
		t.Error("no address is charged")
	}
}

// The B flag counts of a packet that is kept, and of one that repeats it; not of one that is dropped. The last packet
// of an object makes it whole.
func TestKeptFlags(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 300, 100, 4)
	e, err := r.l.entry(start, o.toi)
	if err != nil {
		t.Fatal(err)
	}
	keep := func(after time.Duration, esi fec.ESI, edit ...func(*lct.Header)) error {
		p := mustParse(t, o.packet(0, esi, 1, edit...))
		return r.s.keep(start.Add(after), e, &p)
	}
	until := func(after time.Duration) time.Time { return start.Add(after + r.l.closeGrace(e)) }
	if err := keep(0, 0); err != nil || !e.closeAt.IsZero() || !e.open.Equal(start) {
		t.Errorf("without B: %v, closed at %v, open at %v", err, e.closeAt, e.open)
	}
	if opened := len(r.l.effects.Events); opened == 0 {
		t.Error("the session is not open")
	}
	if err := keep(1, 1, closeObject); err != nil || !e.closeAt.Equal(until(1)) {
		t.Errorf("with B: %v, closed at %v", err, e.closeAt)
	}
	if err := keep(2, 1, closeObject); !isDuplicate(err) || !e.closeAt.Equal(until(2)) || r.l.undescribed.whole.n != 0 {
		t.Errorf("once more: %v, closed at %v", err, e.closeAt)
	}
	room := r.l.undescribed.budget.Limit() - r.l.undescribed.budget.Used()
	r.l.undescribed.budget.TryReserve(room)
	if err := keep(3, 2, closeObject); err == nil || !e.closeAt.Equal(until(2)) {
		t.Errorf("without memory: %v, closed at %v", err, e.closeAt)
	}
	r.l.undescribed.budget.Release(room)
	if err := keep(4, 2); err != nil || r.l.undescribed.whole.n != 1 {
		t.Errorf("the last one: %v, %d are whole", err, r.l.undescribed.whole.n)
	}
}

// An object that is described, or forgotten, has no file of an object that nothing describes any more.
func TestStagedIsCounted(t *testing.T) {
	for _, described := range []bool{true, false} {
		r := newRig(t, func(c *Config) { c.MaxUndescribed = 1 })
		o, other := plain(t, 1, 9000, 100, 4), plain(t, 2, 9000, 100, 4)
		r.feed(o.packet(0, 0, 1))
		e := r.l.entries[o.toi]
		r.l.stage(e)
		r.l.stage(e)
		if r.l.undescribed.staged != 1 {
			t.Fatalf("%d are staged", r.l.undescribed.staged)
		}
		if described {
			r.feed(describe(t, 0, o.file("a")))
		} else {
			r.feed(other.packet(0, 0, 1))
		}
		if r.l.undescribed.staged != 0 || e.staged {
			t.Errorf("described %v: %d are staged", described, r.l.undescribed.staged)
		}
		r.close()
	}
}
