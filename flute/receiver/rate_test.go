package receiver

import (
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/rs"
	"github.com/flute-node/flute-node/flute/event"
)

// TestCompleteAt: an object of which ten symbols come in a second is said to be complete when it is, within a second;
// symbols that come again do not count, and a pause puts it off.
func TestCompleteAt(t *testing.T) {
	for name, o := range map[string]object{
		"no code": plain(t, 1, 200_000, 1000, 20), "Reed-Solomon": coded(t, 1, 200_000, 1000, 20, 30, rs.Rizzo),
	} {
		t.Run(name, func(t *testing.T) {
			o.t = t
			r := newRig(t)
			r.feed(describe(t, 0, withDigest(o, "a")))
			state := func() event.ObjectState {
				t.Helper()
				st, ok := r.l.Missing(o.toi, 1)
				if !ok {
					t.Fatal("it is not there")
				}
				return st
			}
			next := func() []byte { // one of each block in turn; of a code the last ones are repair symbols
				st := state()
				i := uint32(200 - st.Needed)
				if st.Needed == 0 { // nothing is held
					i = 0
				}
				esi := i / 10
				if o.oti.EncodingID != fec.CompactNoCode && esi > 15 {
					esi += 5
				}
				return o.packet(fec.SBN(i%10), fec.ESI(esi), 1)
			}
			end := r.now.Add(20 * time.Second)
			for i := range 150 {
				st := state()
				if i == 0 && !(st.CompleteAt.IsZero() && st.LastSymbol.IsZero()) {
					t.Errorf("before the first symbol: %v", st.CompleteAt)
				}
				if i >= 20 {
					if off := st.CompleteAt.Sub(end).Abs(); off > time.Second {
						t.Fatalf("after %d symbols it is to be complete %v from its end", i, off)
					}
				}
				p := next()
				r.feed(p, p)
				r.now = r.now.Add(100 * time.Millisecond)
			}
			if n := len(eventsOf[event.ObjectProgress](r)); n != 75 {
				t.Errorf("progress was told %d times, want once for each of 75 percent", n)
			}
			for _, e := range eventsOf[event.ObjectProgress](r) {
				if off := e.CompleteAt.Sub(end).Abs(); e.Received >= 40_000 && off > time.Second {
					t.Errorf("with %d bytes it is to be complete %v from its end", e.Received, off)
				}
			}
			r.wait(time.Minute)
			if st := state(); !st.CompleteAt.IsZero() && st.CompleteAt.Before(r.now.Add(time.Minute)) {
				t.Errorf("after a minute without a symbol it is to be complete in %v", st.CompleteAt.Sub(r.now))
			}
			if silent := r.now.Sub(state().LastSymbol); silent < time.Minute || silent > time.Minute+2*rateWindow {
				t.Errorf("after a minute without a symbol the last one came %v ago", silent)
			}
			r.close()
		})
	}
}

// TestProgressInterval: within ProgressInterval progress is told once, and then all that has come; that all bytes are
// there is told in any case.
func TestProgressInterval(t *testing.T) {
	o := plain(t, 1, 200_000, 1000, 20)
	r := newRig(t, func(c *Config) { c.ProgressInterval = time.Second })
	r.feed(describe(t, 0, withDigest(o, "a")))
	for i := range 150 { // three in four percent
		r.feed(o.packet(fec.SBN(i/20), fec.ESI(i%20), 1))
		r.now = r.now.Add(100 * time.Millisecond)
	}
	told := eventsOf[event.ObjectProgress](r)
	if len(told) != 15 {
		t.Fatalf("progress was told %d times in 15 seconds", len(told))
	}
	for i, e := range told {
		if want := uint64(10*i+2) * 1000; e.Received != want {
			t.Errorf("the %dth time %d bytes were told, of %d", i+1, e.Received, want)
		}
	}
	for i := 150; i < 200; i++ { // within a moment
		r.feed(o.packet(fec.SBN(i/20), fec.ESI(i%20), 1))
	}
	r.feed(o.packet(0, 0, 1))
	told = eventsOf[event.ObjectProgress](r)
	if last := told[len(told)-1]; len(told) != 16 || last.Received != 200_000 {
		t.Errorf("told %d times, at last of %d bytes: want 16, and that all are there", len(told), last.Received)
	}
	r.close()
}

// TestRate: the latest window has a quarter of the average, and symbols that come to be needed again make it no less
// than nothing.
func TestRate(t *testing.T) {
	for _, c := range []struct {
		before float64
		needed uint64
		want   float64
	}{
		{0, 80, 10}, {20, 80, 17.5}, {20, 60, 20}, {20, 100, 15}, {20, 120, 15}, {0, 120, 0},
	} {
		r := rate{since: start, needed: 100, perSecond: c.before}
		if got := r.after(2*time.Second, c.needed); got != c.want {
			t.Errorf("%v a second before, %d of 100 needed after 2 s: %v, want %v", c.before, c.needed, got, c.want)
		}
	}
}

// TestRateIsFollowed: the end is told by the rate, which falls when nothing comes for two windows, to the millisecond
// above, unless it is too far or nobody knows.
func TestRateIsFollowed(t *testing.T) {
	const year = 365 * 24 * 60 * 60
	for _, c := range []struct {
		perSecond float64
		passed    time.Duration
		needed    uint64
		want      time.Duration // 0: it is not told
	}{
		{10, time.Second, 95, 9500 * time.Millisecond},
		{3, 0, 1, 334 * time.Millisecond},
		{10, 2*time.Second - 1, 96, 9600 * time.Millisecond},
		{10, 2 * time.Second, 96, 48 * time.Second},
		{1, 2 * time.Second, 96, 96 * time.Second},
		{10, 2 * time.Second, 100, 0},
		{10, 2 * time.Second, 101, 0},
		{0, time.Second, 95, 0},
		{10, time.Second, 0, 0},
		{1, 0, year - 1, (year - 1) * time.Second},
		{1, 0, year, 0},
	} {
		r := rate{since: start, needed: 100, perSecond: c.perSecond}
		now := start.Add(c.passed)
		at := r.completeAt(now, c.needed)
		if at.IsZero() != (c.want == 0) || c.want != 0 && at.Sub(now) != c.want {
			t.Errorf("%+v: in %v", c, at.Sub(now))
		}
	}
}
