package receiver

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/store"
)

// instanceOf returns the document of an FDT Instance with a File for each TOI from first on.
func instanceOf(first, n int, location func(i int) string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `<FDT-Instance Expires="%d">`, ntp(start.Add(time.Hour)))
	for i := range n {
		fmt.Fprintf(&b, `<File TOI="%d" Content-Location="%s"/>`, first+i, location(first+i))
	}
	b.WriteString("</FDT-Instance>")
	return []byte(b.String())
}

// A session that describes all the objects it may, and then as many again, was busy for minutes: each File element
// beyond MaxObjects looked at all objects for one to forget. The bound on time is generous: the work of seconds took
// minutes.
func TestFilesBeyondMaxObjectsAreCheap(t *testing.T) {
	const n = 60_000
	for name, location := range map[string]func(int) string{
		"nothing has ended": func(i int) string { return fmt.Sprint("f", i) },
		"each supersedes":   func(i int) string { return fmt.Sprint("f", i%n) },
	} {
		r := newRig(t, func(c *Config) { c.MaxObjects, c.Budget = n+1, store.NewBudget(128<<20, nil) })
		began := time.Now()
		r.feed(fdtInstance{id: 1, xml: instanceOf(1, n, location), e: 60_000}.packets(t)...)
		r.feed(fdtInstance{id: 2, xml: instanceOf(1+n, n, location), e: 60_000}.packets(t)...)
		if took := time.Since(began); took > time.Minute {
			t.Errorf("%s: %v", name, took)
		}
		if got := len(r.l.entries); got != n+1 {
			t.Errorf("%s: %d objects", name, got)
		}
		r.close()
	}
}

// Of the objects that have ended, those are forgotten first that ended or were described longest ago, and no more than
// are in the way.
func TestOldestAreForgottenFirst(t *testing.T) {
	r := newRig(t, func(c *Config) { c.MaxObjects = 4 })
	o := func(i uint64) object { return plain(t, i, 50, 100, 4) }
	file := func(i uint64) fdt.File { return o(i).file(fmt.Sprint("f", i)) }
	r.feed(describe(t, 0, file(1), file(2), file(3), file(4)))
	r.feed(concat(o(3).all(), o(1).all(), o(2).all())...) // 4 does not end
	r.feed(describe(t, 1, file(3)))                       // the newest again
	left := func(want ...uint64) {
		t.Helper()
		if len(r.l.entries) != len(want) {
			t.Errorf("%d objects, not %v", len(r.l.entries), want)
		}
		for _, i := range want {
			if r.l.entries[flute.NewTOI(i)] == nil {
				t.Errorf("TOI %d was forgotten, not %v", i, want)
			}
		}
	}
	left(1, 2, 3, 4)
	for i, want := range [][]uint64{{2, 3, 4, 5}, {3, 4, 5, 6}, {4, 5, 6, 7}, {4, 5, 6, 7}} {
		r.feed(describe(t, flute.InstanceID(2+i), file(uint64(5+i))))
		left(want...)
	}
	r.close()
	if h := r.l.history; h.first == nil || h.last == nil {
		t.Error("what failed at the end is not listed")
	}
}

// One that was begun anew is not forgotten, although it had ended.
func TestHistorySkipsWhatWasBegunAnew(t *testing.T) {
	r := newRig(t)
	a, b := plain(t, 1, 50, 100, 4), plain(t, 2, 50, 100, 4)
	r.feed(describe(t, 0, a.file("a"), b.file("b")))
	r.feed(concat(a.all(), b.all())...)
	r.l.entries[a.toi].phase = announced
	for _, want := range []bool{true, false} {
		if _, ok := r.l.forgetOldest(start); ok != want {
			t.Errorf("forgotten: %v, not %v", ok, want)
		}
	}
	if r.l.entries[a.toi] == nil || r.l.entries[b.toi] != nil {
		t.Errorf("%v", r.l.entries)
	}
	r.close()
}

// The flags and deadlines that a sender brings about do not make the session look at all its objects each time.
func TestSweepsHaveAPace(t *testing.T) {
	const n = 2000
	r := newRig(t)
	r.feed(fdtInstance{xml: instanceOf(1, n,
		func(i int) string { return fmt.Sprint("f", i) }), e: 60_000}.packets(t)...)
	sweeps, last := 0, r.l.swept
	step := func() {
		r.now = r.now.Add(time.Millisecond)
		r.s.Advance(r.now)
		r.settle()
		if r.l.swept != last {
			sweeps, last = sweeps+1, r.l.swept
		}
	}
	o := plain(t, 1, 150, 100, 4)
	for i := range n { // a deadline for each, one a millisecond
		o.toi = flute.NewTOI(uint64(1 + i))
		r.feed(o.packet(0, 0, 1, closeObject))
		step()
	}
	for range int(r.cfg.CloseGrace/time.Millisecond) + 100 {
		step()
	}
	if most := n * int(time.Millisecond) / (n * int(sweepPace)); sweeps < most/2 || sweeps > most+2 {
		t.Errorf("%d sweeps, not %d", sweeps, most)
	}
	if got := len(r.ends()); got != n {
		t.Errorf("%d of %d objects have ended", got, n)
	}
	r.close()
}

// One that rests may be forgotten, and is described again by the next transmission of its FDT Instance.
func TestForgottenWhileItRests(t *testing.T) {
	r := newRig(t)
	a := plain(t, 1, 50, 100, 4)
	r.feed(describe(t, 0, a.file("a")))
	e := r.l.entries[a.toi]
	e.phase = resting
	r.l.retire(e)
	if _, ok := r.l.forgetOldest(r.now); !ok || r.l.entries[a.toi] != nil {
		t.Fatal("it is not forgotten")
	}
	r.feed(describe(t, 0, a.file("a")))
	if r.l.entries[a.toi] != nil {
		t.Error("it is described again at once: two that take turns would have the FDT read without end")
	}
	r.wait(restFirst)
	r.feed(describe(t, 0, a.file("a")))
	r.feed(a.all()...)
	r.file("a", a.content)
	r.close()
}
