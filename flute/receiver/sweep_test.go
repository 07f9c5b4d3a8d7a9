package receiver

import (
	"slices"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
)

// described returns an entry for an object that an FDT Instance describes and of which one packet came.
func described(t *testing.T, r *rig) *entry {
	t.Helper()
	o := plain(t, 1, 300, 100, 4)
	r.feed(describe(t, 10, o.file("a")), o.packet(0, 0, 1))
	r.l.wake = noTime
	r.l.effects = Effects{}
	return r.l.entries[o.toi]
}

// A file that has come whole, and that may be of an earlier program, is published when it has waited long enough, and
// not before.
func TestClaimedFileWaits(t *testing.T) {
	for name, early := range map[string]time.Duration{"just in time": 0, "early": 1} {
		r := newRig(t)
		e := described(t, r)
		until := r.now.Add(r.l.rivalTime())
		now := until.Add(-early)
		e.claimed, e.phase = r.now, finishing
		if got := r.object(e.toi).awaitsRun(now); got {
			t.Errorf("%s: what is not whole any more waits", name)
		}
		e.phase = receiving
		r.s.sweepClaimed(now, e)
		if again := slices.Contains(r.l.effects.Described, e.toi); again != (early == 0) ||
			early > 0 && !r.l.wake.Equal(until) {
			t.Errorf("%s: looked at %v, again at %v, want %v", name, again, r.l.wake, until)
		}
		r.l.wake = noTime
		if got := r.object(e.toi).awaitsRun(now); got != (early > 0) || e.claimed.IsZero() != (early == 0) ||
			early > 0 && (!r.l.wake.Equal(until) || e.phase != receiving) {
			t.Errorf("%s: it waits %v, until %v", name, got, r.l.wake)
		}
	}
	r := newRig(t)
	e := described(t, r)
	if r.object(e.toi).awaitsRun(r.now) || e.isClaimed() {
		t.Error("what no other run describes waits")
	}
}

// What has ended is forgotten some time after its description has expired, and not before; what nothing describes is
// not looked at. Only what an Object is still at is told to have ended.
func TestEndedIsForgotten(t *testing.T) {
	for name, c := range map[string]struct {
		early time.Duration
		phase phase
		told  bool
	}{
		"just in time":       {0, failed, false},
		"early":              {1, failed, false},
		"at work":            {0, receiving, true},
		"at work, but early": {1, receiving, false},
	} {
		r := newRig(t)
		e := described(t, r)
		at := e.expires.Add(r.l.remembrance())
		e.phase = c.phase
		r.s.sweepEnded(at.Add(-c.early), e)
		if gone := r.l.entries[e.toi] == nil; gone != (c.early == 0) || c.early > 0 && !r.l.wake.Equal(at) {
			t.Errorf("%s: gone %v, looked at again at %v, want %v", name, gone, r.l.wake, at)
		}
		if told := slices.Contains(r.l.effects.Ended, e.toi); told != c.told {
			t.Errorf("%s: told %v", name, told)
		}
	}
	r := newRig(t)
	e := described(t, r)
	e.file = nil
	if r.s.sweepEnded(e.expires.Add(1000*time.Hour), e); r.l.entries[e.toi] == nil || !r.l.wake.IsZero() {
		t.Error("what nothing describes is forgotten with what has ended")
	}
}

// RFC 6726, section 3.4.1: FDT Instance IDs are numbered one by one, and wrap. One a little ahead of those that are
// known is the next, and the newest from then on; an older one is not.
func TestNextInstance(t *testing.T) {
	for _, c := range []struct {
		newest, id, newestThen flute.InstanceID
		next                   bool
	}{
		{10, 11, 11, true},
		{10, 10 + nextInstances, 10 + nextInstances, true},
		{10, 11 + nextInstances, 11 + nextInstances, false},
		{10, 10, 10, false},
		{10, 9, 10, false},
		{flute.MaxInstanceID, 0, 0, true},
		{0, flute.MaxInstanceID, 0, false},
	} {
		r := newRig(t)
		e := described(t, r)
		ln := r.l.lineOf(e.run)
		ln.newest = c.newest
		other := plain(t, 2, 300, 100, 4)
		doc := &fdt.Instance{ID: c.id, Files: []fdt.File{other.file("b")}}
		in := &instance{instanceRecord: instanceRecord{id: c.id, run: e.run}}
		if next := r.s.place(in, doc, r.now); next != c.next || ln.newest != c.newestThen {
			t.Errorf("%d after %d: next %v, the newest is %d", c.id, c.newest, next, ln.newest)
		}
		if r.s.place(&instance{instanceRecord: instanceRecord{id: c.id, run: e.run + 100}}, doc, r.now) {
			t.Error("an FDT Instance of no run is the next of one")
		}
	}
}
