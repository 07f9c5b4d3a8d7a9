package receiver

import "testing"

// TestShortObjectIsWrittenOnce: an object of some packets waits in memory until it is whole, and is then written,
// hashed and published by one Work; a long one is written while it comes, and so is a short one if too much waits.
func TestShortObjectIsWrittenOnce(t *testing.T) {
	for _, c := range []struct {
		name    string
		size    int
		backlog uint64
		writes  bool
	}{
		{"short", 100_000, 0, false},
		{"as long as may be", gatherBytes, 0, false},
		{"long", gatherBytes + 1, 0, true},
		{"short, and much waits", 100_000, maxGathered + 1, true},
		{"short, and all that may waits", 100_000, 8 << 20 >> 3, false},
	} {
		r := newRig(t)
		r.manual, r.slow = true, true
		o := plain(t, 1, c.size, 1000, 300)
		r.feed(describe(t, 0, o.file("a")))
		r.l.backlog += c.backlog
		all := o.all()
		r.feed(all[:len(all)-1]...)
		if got := len(r.works) > 0; got != c.writes {
			t.Errorf("%s: %d Works before it is whole", c.name, len(r.works))
		}
		r.l.backlog -= c.backlog
		r.feed(all[len(all)-1])
		if !c.writes && (len(r.works) != 1 || r.works[0].publication == nil || r.l.tails < uint64(c.size)) {
			t.Errorf("%s: %d Works when it is whole, %d bytes for them", c.name, len(r.works), r.l.tails)
		}
		for len(r.works) > 0 {
			r.work()
		}
		r.file("a", o.content)
		if r.l.tails != 0 || r.l.backlog != 0 {
			t.Errorf("%s: %d and %d bytes are left", c.name, r.l.tails, r.l.backlog)
		}
		r.close()
	}
}

// TestBehindByTails: whole objects of 64 MiB that wait for their publication have a sender wait that can.
func TestBehindByTails(t *testing.T) {
	r := newRig(t)
	a, b := &holding{}, &holding{}
	r.l.publishes(a, true, maxTails)
	if r.s.IsBehind() {
		t.Error("behind with as much as may wait")
	}
	r.l.publishes(b, true, 1)
	if r.l.publishes(b, true, 1); !r.s.IsBehind() || r.l.tails != maxTails+1 {
		t.Errorf("not behind with %d bytes", r.l.tails)
	}
	r.l.publishes(b, false, 0)
	if r.s.IsBehind() || r.l.tails != maxTails {
		t.Errorf("behind with %d bytes", r.l.tails)
	}
}
