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
		if !c.writes && (len(r.works) != 1 || r.works[0].publication == nil || r.l.tails.Load() < uint64(c.size)) {
			t.Errorf("%s: %d Works when it is whole, %d bytes for them", c.name, len(r.works), r.l.tails.Load())
		}
		for len(r.works) > 0 {
			r.work()
		}
		r.file("a", o.content)
		if tails := r.l.tails.Load(); tails != 0 || r.l.backlog != 0 {
			t.Errorf("%s: %d and %d bytes are left", c.name, tails, r.l.backlog)
		}
		r.close()
	}
}

// TestBehindByTails: what whole objects hold that wait for their publication has a sender wait that can, from 24 MiB
// on, until it is written.
func TestBehindByTails(t *testing.T) {
	r := newRig(t)
	r.manual, r.slow = true, true
	o := plain(t, 1, 100_000, 1000, 300)
	r.feed(describe(t, 0, o.file("a")))
	r.feed(o.all()...)
	held := r.l.tails.Load()
	r.l.tails.Add(maxTails - held)
	if r.s.IsBehind() {
		t.Error("behind with as much as may wait")
	}
	if r.l.tails.Add(1); !r.s.IsBehind() {
		t.Error("not behind with more")
	}
	if r.works[0].Run(nil); held < 100_000 || r.l.tails.Load() != maxTails+1-held || r.s.IsBehind() {
		t.Errorf("%d bytes were held; %d wait once they are written", held, r.l.tails.Load())
	}
}
