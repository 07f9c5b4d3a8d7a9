package receiver

import (
	"slices"
	"testing"

	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/internal/assembly"
)

// gate stops Publish of a store: it says on arrived that it is there, and goes on when open is closed.
type gate struct{ arrived, open chan struct{} }

func newGate() *gate { return &gate{arrived: make(chan struct{}, 2), open: make(chan struct{})} }

// before puts the gate before the store of a rig.
func (g *gate) before(c *Config) {
	c.Store = faulty(c.Store, func(op string) error {
		if op == "publish" {
			g.arrived <- struct{}{}
			<-g.open
		}
		return nil
	})
}

// versions returns a rig in which two versions of one file are whole, or only the first.
func versions(t *testing.T, second bool, edit ...func(*Config)) (r *rig, one, two object) {
	r = newRig(t, edit...)
	r.manual = true
	one, two = plain(t, 1, 300, 100, 4), plain(t, 2, 400, 100, 4)
	r.feed(describe(t, 0, one.file("a")))
	r.feed(one.all()...)
	if second {
		r.feed(describe(t, 1, two.file("a")))
		r.feed(two.all()...)
	}
	return r, one, two
}

// workLast runs the Work that was emitted last, and brings it back.
func (r *rig) workLast() {
	last := len(r.works) - 1
	w := r.works[last]
	r.works = r.works[:last]
	w.Run(nil)
	r.bring(w)
}

// A version whose publication has not begun when a newer one is verified is not published any more, whichever is
// brought back first.
func TestOlderVersionIsNotPublished(t *testing.T) {
	for _, olderFirst := range []bool{false, true} {
		r, _, two := versions(t, true)
		newer, older := r.works[1], r.works[0]
		r.works = nil
		newer.Run(nil)
		older.Run(nil)
		if olderFirst {
			r.bring(older)
			r.bring(newer)
			r.want("failed 1 a superseded", "completed 2 a 400")
		} else {
			r.bring(newer)
			r.bring(older)
			r.want("completed 2 a 400", "failed 1 a superseded")
		}
		r.wantRetries(false)
		r.file("a", two.content)
		r.close()
	}
}

// In the order of the versions both are published.
func TestVersionsInOrder(t *testing.T) {
	r, _, two := versions(t, true)
	r.work()
	r.work()
	r.want("completed 1 a 300", "completed 2 a 400")
	r.file("a", two.content)
	r.close()
}

// A newer version that turns out to be broken does not keep the older one from being published.
func TestBrokenNewerVersion(t *testing.T) {
	r, one, two := versions(t, false)
	f := two.file("a")
	f.MD5 = make([]byte, 16)
	r.feed(describe(t, 1, f))
	r.feed(two.all()...)
	r.workLast()
	r.work()
	r.want("failed 2 a digest", "completed 1 a 300")
	r.file("a", one.content)
	r.close()
}

// A newer version waits for an older one whose publication has begun, at the end of the session too.
func TestNewerVersionWaits(t *testing.T) {
	for name, when := range map[string]struct{ wholeBefore, closing bool }{
		"whole after":         {},
		"whole before":        {wholeBefore: true},
		"whole after, close":  {closing: true},
		"whole before, close": {wholeBefore: true, closing: true},
	} {
		g := newGate()
		r, _, two := versions(t, when.wholeBefore, g.before)
		slow := r.works[0]
		r.works = r.works[1:]
		back := make(chan struct{})
		go func() { slow.Run(nil); close(back) }()
		<-g.arrived
		if when.wholeBefore {
			r.work()
		} else {
			r.feed(describe(t, 1, two.file("a")))
			r.feed(two.all()...)
		}
		if when.closing {
			r.s.Close("enough")
			r.settle()
		} else {
			r.wait(3 * assembly.RetryAfter)
		}
		if len(r.works) != 0 {
			t.Errorf("%s: a Work has not waited", name)
		}
		r.want()
		close(g.open)
		<-back
		r.bring(slow)
		r.work()
		want := []string{"completed 1 a 300", "completed 2 a 400"}
		if when.closing {
			want = append(want, "closed enough")
		}
		r.want(want...)
		r.file("a", two.content)
		r.close()
	}
}

// While one version is being published, only the newest of the others waits.
func TestNewestVersionWaits(t *testing.T) {
	g := newGate()
	r, _, two := versions(t, true, g.before)
	three := plain(t, 3, 500, 100, 4)
	slow, second := r.works[0], r.works[1]
	r.works = nil
	back := make(chan struct{})
	go func() { slow.Run(nil); close(back) }()
	<-g.arrived
	r.feed(describe(t, 2, three.file("a")))
	r.feed(three.all()...)
	second.Run(nil)
	r.bring(second)
	r.want("failed " + two.toi.String() + " a superseded")
	close(g.open)
	<-back
	r.bring(slow)
	r.work()
	r.want("failed 2 a superseded", "completed 1 a 300", "completed 3 a 500")
	r.file("a", three.content)
	r.close()
}

// A restarted sender's file is not replaced by that of the sender before, which is still to be published.
func TestOlderSenderIsNotPublished(t *testing.T) {
	r, _, _ := versions(t, false)
	next := plain(t, 1, 400, 100, 4)
	r.wait(r.cfg.RestartSilence)
	r.feed(describe(t, 0, next.file("a")))
	r.feed(next.all()...)
	r.workLast()
	r.work()
	r.want("completed 1 a 400", "failed 1 a superseded")
	r.file("a", next.content)
	r.close()
}

// A version that is whole, and whose bytes are on their way to a disk that hangs when a newer one is described, is not
// published after the newer one, whichever is written first; unless the newer one is broken.
func TestOlderVersionThatIsWritten(t *testing.T) {
	for _, broken := range []bool{false, true} {
		r := newRig(t)
		r.manual, r.slow = true, true
		one, two := plain(t, 1, 350_000, 1000, 20), plain(t, 2, 360_000, 1000, 20)
		f := two.file("a")
		if broken {
			f.MD5 = make([]byte, 16)
		}
		r.feed(describe(t, 0, one.file("a")))
		r.feed(one.all()...)
		r.feed(describe(t, 1, f))
		r.feed(two.all()...)
		older, newer := r.works[0], r.works[1]
		if len(r.works) != 2 || older.tail == nil || newer.tail == nil {
			t.Fatalf("%d Works", len(r.works))
		}
		r.works = nil
		for _, w := range []*Work{newer, older} {
			w.Run(nil)
			r.bring(w)
		}
		for len(r.works) > 0 {
			r.work()
		}
		r.wait(assembly.RetryAfter)
		for len(r.works) > 0 {
			r.work()
		}
		if broken {
			r.want("failed 2 a digest", "completed 1 a 350000")
			r.file("a", one.content)
		} else {
			r.want("completed 2 a 360000", "failed 1 a superseded")
			r.file("a", two.content)
		}
		r.close()
	}
}

// An object that was given up while its publication waited is not published afterwards.
func TestGivenUpIsNotPublished(t *testing.T) {
	for name, end := range map[string]func(*rig, object){
		"quarantined": func(r *rig, o object) { r.s.Quarantine(o.toi, ""); r.settle() },
		"cancelled": func(r *rig, o object) {
			r.object(o.toi).cancel(event.FailCancelled, "")
			r.settleObject(r.object(o.toi))
		},
	} {
		r, one, _ := versions(t, false)
		end(r, one)
		r.work()
		r.want("failed 1 a " + name)
		if files := r.store.Files(); len(files) != 0 {
			t.Errorf("%s: published %v", name, files)
		}
		r.close()
	}
}

// A newer version is published while the store hangs with the other symbols of an older one, whose digest had failed:
// the older one ends.
func TestOlderVersionThatWasInDoubt(t *testing.T) {
	r := newRig(t)
	one, two := plain(t, 1, 1000, 100, 4), plain(t, 2, 400, 100, 4)
	f := one.file("a")
	f.MD5 = md5Of(one.content)
	r.feed(describe(t, 0, f))
	all := one.all()
	r.feed(forge(all[3]))
	r.feed(append(slices.Clone(all[:3]), all[4:]...)...)
	r.want("failed 1 a digest")
	r.manual = true
	r.feed(all[3])
	if len(r.works) != 1 || r.works[0].exchange == nil {
		t.Fatalf("%d Works, want one that exchanges a symbol", len(r.works))
	}
	hung := r.works[0]
	r.works, r.manual = nil, false
	r.feed(describe(t, 1, two.file("a")))
	r.feed(two.all()...)
	hung.Run(nil)
	r.bring(hung)
	r.want("failed 1 a digest", "completed 2 a 400", "failed 1 a superseded")
	r.file("a", two.content)
	r.close()
}
