package receiver

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/store"
)

// Losses for want of memory are told, but not that there are none, and no more often than each minute; when the store
// answers again the rest is.
func TestShortageIsNotRepeated(t *testing.T) {
	r := newRig(t)
	for i, step := range []struct {
		after time.Duration
		short int // objects that are short
		lost  int
		told  bool
	}{
		{0, 1, 0, false}, // nothing was lost
		{0, 1, 3, true},
		{shortQuiet - 1, 1, 1, false},
		{1, 1, 0, true}, // that one
		{shortQuiet, 1, 0, false},
		{0, 1, 2, true},
		{1, 1, 1, false},
		{0, 0, 0, true}, // it is over
		{shortQuiet, 0, 5, false},
		{0, 1, 1, true},
		{0, 0, 0, false}, // and nothing more was lost
		{1, 1, 0, false},
		{shortQuiet, 1, 0, false},
	} {
		r.now = r.now.Add(step.after)
		before := len(eventsOf[event.Warning](r))
		r.l.short = step.short
		r.l.miss(step.lost)
		r.s.tellShortage(r.now)
		r.settle()
		if told := len(eventsOf[event.Warning](r)) > before; told != step.told {
			t.Errorf("step %d: told %v", i, told)
		}
	}
	r.l.short = 0
	r.close()
}

// Of the objects that have not ended those come first that hold symbols, by TOI; all are counted.
func TestObjectsInOrder(t *testing.T) {
	r := newRig(t)
	var files []fdt.File
	for toi := range uint64(6) {
		files = append(files, plain(t, 1+toi, 300, 100, 4).file(string(rune('a'+toi))))
	}
	r.feed(describe(t, 0, files...))
	for _, toi := range []uint64{5, 3} {
		r.feed(plain(t, toi, 300, 100, 4).packet(0, 0, 1))
	}
	r.feed(plain(t, 2, 300, 100, 4).all()...) // which has ended
	for limit, want := range [][]uint64{{}, {3}, {3, 5}, {3, 5, 0}, {3, 5, 0, 0}, {3, 5, 1, 4, 6}, {3, 5, 1, 4, 6}} {
		list, total := r.l.Objects(limit)
		var got []uint64
		for i, o := range list {
			toi, _ := o.TOI.Uint64()
			if i < len(want) && want[i] == 0 { // whichever
				toi = 0
			}
			got = append(got, toi)
		}
		if total != 5 || !slices.Equal(got, want) {
			t.Errorf("%d of them: %v of %d, want %v", limit, got, total, want)
		}
	}
	r.close()
}

// A repetition of an FDT Instance is received when its time has come, and there is a place and memory for it; else its
// time comes later.
func TestRepeats(t *testing.T) {
	for name, c := range map[string]struct {
		after     time.Duration // that it was to be read again, negative: it is to be later
		instances int           // that may be received
		memory    bool
		want      bool
	}{
		"due":       {0, 1, true, true},
		"early":     {-1, 1, true, false},
		"no place":  {0, 0, true, false},
		"no memory": {0, 1, false, false},
	} {
		r := newRig(t)
		r.feed(describe(t, 3, plain(t, 1, 300, 100, 4).file("a")))
		in := r.l.instances[3]
		if in.reread = r.now.Add(-c.after); !c.memory {
			r.l.listings = store.NewBudget(0, nil)
		}
		was := in.reread
		cfg := *r.l.cfg
		cfg.MaxInstances = c.instances
		r.l.cfg = &cfg
		if got := r.s.repeats(r.now, in); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
		if received := len(r.l.arrivingInstances()) == 1; received != c.want {
			t.Errorf("%s: it is received: %v", name, received)
		}
		switch {
		case c.want && !in.reread.IsZero(), c.after < 0 && in.reread != was,
			c.instances == 0 && in.reread != r.now.Add(restFirst), !c.memory && !in.reread.After(r.now):
			t.Errorf("%s: it is to be read again at %v", name, in.reread)
		}
	}
}

// Nothing can be put of an object that is gone, nor of one whose session has ended or is about to.
func TestPutTooLate(t *testing.T) {
	for name, late := range map[string]func(r *rig, e *entry){
		"gone":   func(_ *rig, e *entry) { e.gone = true },
		"ended":  func(r *rig, _ *entry) { r.l.ended = true },
		"ending": func(r *rig, _ *entry) { r.l.ending = "why" },
	} {
		r := newRig(t)
		o := plain(t, 1, 300, 100, 4)
		r.feed(describe(t, 0, o.file("a")))
		object := r.object(o.toi)
		if open, err := object.openPut(r.now); !open || err != nil {
			t.Fatalf("before: %v, %v", open, err)
		}
		late(r, object.e)
		if open, err := object.openPut(r.now); open || !errors.Is(err, errFinished) {
			t.Errorf("%s: %v, %v", name, open, err)
		}
	}
}

// A layout that is refused says which part of it is no part of a name.
func TestLayoutFault(t *testing.T) {
	for layout, want := range map[string]string{
		"{x}/{path}": `"{x}" is`, "{path}{": `"{" is`, "{path}{ab": `"{ab" is`, "}{path}": `"}" is`, "a{}b{path}": `"{}" is`,
	} {
		c := Config{Layout: layout}
		if err := c.CheckLayout(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", layout, err, want)
		}
	}
}

// A session that is aborted ends the objects that leave it, too: those that are being published though nothing
// describes them any more.
func TestAbortEndsWhatLeaves(t *testing.T) {
	r := newRig(t)
	r.manual = true
	o := plain(t, 1, 300, 100, 4)
	r.feed(describe(t, 0, o.file("a")))
	r.feed(o.all()...)
	if len(r.works) != 1 {
		t.Fatalf("%d Works", len(r.works))
	}
	e := r.l.entries[o.toi]
	r.l.remove(e)
	if len(r.l.leaving) != 1 {
		t.Fatalf("%d objects leave", len(r.l.leaving))
	}
	r.s.Abort("broken")
	r.settle()
	if failed := eventsOf[event.ObjectFailed](r); len(failed) != 1 || failed[0].Reason != event.FailQuarantined ||
		len(r.l.leaving) != 0 {
		t.Errorf("%+v, %d leave", failed, len(r.l.leaving))
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

// A packet that contradicts an FDT Instance, and cannot be used, is no rival of it: nothing of it stays.
func TestUselessRival(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 300, 100, 4)
	r.feed(describe(t, 0, o.file("a")))
	used := r.cfg.Budget.Used()
	for cut := range 2 {
		other := fdtInstance{files: []fdt.File{o.file("b")}, e: 16}.packets(t)[0]
		r.feed(other[:len(other)-cut])
		if rival := r.l.rival.in; (rival != nil) != (cut == 0) {
			t.Errorf("cut by %d: a rival %v", cut, rival != nil)
		}
		r.l.dropRival()
		if r.cfg.Budget.Used() != used {
			t.Errorf("cut by %d: %d bytes more are charged", cut, r.cfg.Budget.Used()-used)
		}
	}
	r.close()
}
