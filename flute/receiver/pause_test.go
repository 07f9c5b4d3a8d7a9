package receiver

import (
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
)

// turnOf describes o in an FDT Instance that is sent again in each turn, and expires in two days.
func turnOf(t *testing.T, id flute.InstanceID, files ...fdt.File) [][]byte {
	t.Helper()
	return fdtInstance{id: id, files: files, e: 1400, expires: start.Add(48 * time.Hour)}.packets(t)
}

// textsOf returns the text of each Warning so far.
func textsOf(r *rig) (texts []string) {
	for _, w := range eventsOf[event.Warning](r) {
		texts = append(texts, w.Text)
	}
	return texts
}

// A carousel sends everything once in 40 minutes, and later less often, and most is lost: the file is gathered over its
// turns, and nothing times out.
func TestLongCarousel(t *testing.T) {
	for name, pauses := range map[string][]time.Duration{
		"steady": {40 * time.Minute, 40 * time.Minute, 40 * time.Minute},
		"slower": {40 * time.Minute, 100 * time.Minute, 4 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			o := plain(t, 1, 400, 100, 4)
			for i := range fec.ESI(4) {
				if i > 0 {
					r.wait(pauses[i-1])
				}
				r.feed(turnOf(t, 0, o.file("a"))...)
				r.feed(o.packet(0, i, 1))
			}
			r.want("completed 1 a 400")
			if want := pauses[2]; r.l.pauses.object != want || r.l.pauses.session != want {
				t.Errorf("learned %+v", r.l.pauses)
			}
			r.close()
		})
	}
}

// A session that may be silent for any time is not ended by silence, nor is one of its objects.
func TestNoTimeouts(t *testing.T) {
	r := newRig(t, func(c *Config) { c.NoSessionTimeout, c.NoObjectTimeout = true, true })
	o := plain(t, 1, 200, 100, 4)
	r.feed(turnOf(t, 0, o.file("a"))...)
	r.feed(o.packet(0, 0, 1))
	r.wait(40 * time.Hour)
	r.want()
	r.feed(turnOf(t, 0, o.file("a"))...)
	r.feed(o.packet(0, 1, 1))
	r.want("completed 1 a 200")
	r.close()
}

// A file of which nothing comes, while the session goes on, is told. What was received of it counts when it is sent
// again.
func TestObjectTimeout(t *testing.T) {
	for name, c := range map[string]struct {
		timeout, wait, early time.Duration
	}{
		"default": {0, time.Hour, 59 * time.Minute},
		"given":   {10 * time.Minute, 10 * time.Minute, 9 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(cfg *Config) { cfg.ObjectTimeout = c.timeout })
			o, other := plain(t, 1, 200, 100, 4), plain(t, 2, 100, 100, 4)
			r.feed(turnOf(t, 0, o.file("a"), other.file("b"))...)
			r.feed(o.packet(0, 0, 1))
			begin := r.now
			beside := func(until time.Duration) { // FDT Instances and the other file go on
				for r.now.Before(begin.Add(until)) {
					r.wait(min(20*time.Second, begin.Add(until).Sub(r.now)))
					r.feed(turnOf(t, 0, o.file("a"), other.file("b"))...)
					r.feed(other.packet(0, 0, 1))
				}
			}
			beside(c.early)
			r.want("completed 2 b 100")
			beside(c.wait + time.Minute)
			r.want("completed 2 b 100", "failed 1 a expired")
			f := eventsOf[event.ObjectFailed](r)[0]
			if !f.Retry || !strings.Contains(f.Detail, "no packet of it for 1") {
				t.Errorf("%+v", f)
			}
			beside(3 * c.wait)
			r.feed(o.packet(0, 1, 1))
			r.want("completed 2 b 100", "failed 1 a expired", "completed 1 a 200")
			if len(textsOf(r)) > 0 {
				t.Errorf("%q", textsOf(r))
			}
			r.close()
		})
	}
}

// A file that comes again after long pauses has longer ones before it times out.
func TestObjectTimeoutIsLearned(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 400, 100, 4)
	fdts := func(d time.Duration) {
		for end := r.now.Add(d); r.now.Before(end); {
			r.wait(10 * time.Minute)
			r.feed(turnOf(t, 0, o.file("a"))...)
		}
	}
	fdts(10 * time.Minute)
	r.feed(o.packet(0, 0, 1))
	fdts(50 * time.Minute)
	r.feed(o.packet(0, 1, 1))
	fdts(140 * time.Minute) // three times as much is 150
	r.want()
	fdts(20 * time.Minute)
	r.want("failed 1 a expired")
	r.close()
}

// Nothing comes any more although a file is not whole: that is told once, and that it goes on.
func TestSilenceIsTold(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 400, 100, 4)
	r.feed(turnOf(t, 0, o.file("a"))...)
	r.feed(o.packet(0, 0, 1))
	r.wait(29 * time.Second)
	if w := textsOf(r); len(w) > 0 {
		t.Errorf("early: %q", w)
	}
	r.wait(5 * time.Minute)
	w := textsOf(r)
	if len(w) != 1 || !strings.HasSuffix(w[0], ": no packet for 30s, and a file is not whole") {
		t.Errorf("%q", w)
	}
	r.feed(o.packet(0, 1, 1))
	r.wait(16 * time.Minute) // pauses of 5 minutes and a half are usual now
	if w := textsOf(r); len(w) != 2 || !strings.HasSuffix(w[1], ": packets come again, after 5m29s") {
		t.Errorf("%q", w)
	}
	r.wait(time.Minute)
	if w := textsOf(r); len(w) != 3 ||
		!strings.HasSuffix(w[2], ": no packet for 16m27s, and a file is not whole; the longest pause was 5m29s") {
		t.Errorf("%q", w)
	}
	r.feed(turnOf(t, 0, o.file("a"))...)
	r.feed(o.packet(0, 2, 1), o.packet(0, 3, 1))
	r.want("completed 1 a 400")
	n := len(textsOf(r))
	r.wait(59 * time.Minute)
	if w := textsOf(r); len(w) != n {
		t.Errorf("nothing is missing: %q", w[n:])
	}
	r.close()
}

// An object that nothing describes is kept as long as the FDT of a slow carousel takes.
func TestUndescribedTimeoutIsLearned(t *testing.T) {
	r := newRig(t)
	known, o := plain(t, 1, 100, 100, 4), plain(t, 2, 200, 100, 4)
	for range 3 {
		r.feed(turnOf(t, 0, known.file("a"))...)
		r.feed(known.packet(0, 0, 1))
		r.wait(20 * time.Minute)
	}
	r.feed(o.packet(0, 0, 1))
	r.wait(20 * time.Minute)
	r.feed(turnOf(t, 1, known.file("a"), o.file("b"))...)
	r.feed(o.packet(0, 1, 1))
	r.want("completed 1 a 100", "completed 2 b 200")
	r.close()
}

// A file whose description expires in each pause of the carousel is received once; a session without a time-out knows
// it also after a first pause of hours.
func TestExpiryInLongPauses(t *testing.T) {
	long := []time.Duration{50 * time.Minute, 2 * time.Hour, 4 * time.Hour, 0}
	for name, c := range map[string]struct {
		none   bool // no time-out
		pauses []time.Duration
	}{
		"learned":                          {false, long},
		"no time-out":                      {true, long},
		"no time-out, long from the start": {true, []time.Duration{5 * time.Hour, 20 * time.Hour, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(cfg *Config) { cfg.NoSessionTimeout = c.none })
			o := plain(t, 1, 100, 100, 4)
			for i, pause := range c.pauses {
				f := fdtInstance{
					id: flute.InstanceID(i), files: []fdt.File{o.file("a")}, e: 1400,
					expires: r.now.Add(20 * time.Minute),
				}
				r.feed(f.packets(t)...)
				r.feed(o.all()...)
				r.wait(pause)
			}
			r.want("completed 1 a 100")
			r.close()
		})
	}
}
