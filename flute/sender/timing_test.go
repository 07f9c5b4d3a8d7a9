package sender

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/event"
)

// TestResidual: RFC 5651, section 5.2.2: "the sender expected residual transmission time for the transmission of the
// current object", with the transfers and pauses to come.
func TestResidual(t *testing.T) {
	const rest, whole, never = 3 * time.Second, 7 * time.Second, 1 << 62
	second := time.Second
	for _, c := range []struct {
		name string
		r    carousel
		want time.Duration
	}{
		{"the last transfer", carousel{left: 1, burst: 1, delay: 10 * second}, rest},
		{"one more", carousel{left: 2, burst: 1, delay: 10 * second}, rest + whole + 10*second},
		{"two more", carousel{left: 3, burst: 1, delay: 10 * second}, rest + 2*whole + 20*second},
		{"no burst was said", carousel{left: 3, delay: 10 * second}, rest + 2*whole + 20*second},
		{"a burst, its first", carousel{left: 4, burst: 2, delay: 10 * second}, rest + 3*whole + 10*second},
		{"a burst, its second", carousel{left: 3, burst: 2, inTurn: 1, delay: 10 * second}, rest + 2*whole + 10*second},
		{"the end of the last burst", carousel{left: 1, burst: 2, inTurn: 1, delay: 10 * second}, rest},
		{"an interval", carousel{left: 2, burst: 1, interval: 20 * second}, rest + whole + 13*second},
		{"an interval of bursts", carousel{left: 3, burst: 2, interval: 20 * second}, rest + 2*whole + 6*second},
		{"an interval that is too short", carousel{left: 2, burst: 1, interval: 5 * second}, rest + whole},
		{"for ever", carousel{left: -1, burst: 1}, never},
		{"until a time", carousel{left: -1, burst: 1, until: start.Add(30 * second)}, 30*second + whole},
		{"until a time that is far", carousel{left: 1, burst: 1, until: start.Add(30 * second)}, rest},
	} {
		if got := c.r.residual(start, float64(rest), float64(whole)); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestResidualOfAFile: the pace of the packets so far tells how long the rest takes; in the next transfer that of the
// one before, until there is another.
func TestResidualOfAFile(t *testing.T) {
	c := &carrier{object: &object{}, began: start}
	c.object.left = 1
	c.coding = &coding{packets: 100}
	for _, step := range []struct {
		left uint64
		at   time.Duration
		want time.Duration
	}{
		{100, 0, 0},
		{99, time.Second, 99 * time.Second},
		{50, 25 * time.Second, 25 * time.Second},
		{100, 99 * time.Second, 50 * time.Second}, // the next transfer
		{1, 0, 0},
	} {
		c.left = step.left
		if got := c.residual(start.Add(step.at)); got != step.want {
			t.Errorf("%d packets left after %v: %v, want %v", step.left, step.at, got, step.want)
		}
	}
}

// TestTriesToRenew: the first try is at once, then after half a second, twice as long each time; what is sent once is
// given up after some, a carousel is not, if it is only changed too often.
func TestTriesToRenew(t *testing.T) {
	gone := errors.New("gone")
	for _, c := range []struct {
		endless bool
		err     error
		forever bool
	}{
		{false, gone, false},
		{true, gone, false},
		{false, changedWhile("read"), false},
		{true, changedWhile("read"), true},
	} {
		count := 1
		if c.endless {
			count = -1
		}
		s, toi := oneFile(t, Config{TransferCount: count}, 10)
		o := s.names.objects[toi]
		for try := range 9 {
			s.renewals.list = nil
			s.retry(o, start, c.err)
			want := time.Duration(0)
			if try > 0 {
				want = 500 * time.Millisecond << min(try-1, 4)
			}
			switch over := try >= maxTries && !c.forever; {
			case over:
				if len(s.renewals.list) != 0 || o.live() {
					t.Errorf("%+v: try %d", c, try+1)
				}
			case len(s.renewals.list) != 1 || o.state != changed:
				t.Errorf("%+v: no try %d", c, try+1)
			case !s.renewals.list[0].at.Equal(start.Add(want)):
				t.Errorf("%+v: try %d after %v, want %v", c, try+1, s.renewals.list[0].at.Sub(start), want)
			}
			if !o.live() {
				break
			}
		}
		failed := 0
		for _, e := range s.Events() {
			f, ok := e.(event.ObjectFailed)
			if ok && f.Reason == event.FailSource && f.Detail == strings.TrimPrefix(c.err.Error(), "sender: ") {
				failed++
			}
		}
		if (failed == 1) != !c.forever {
			t.Errorf("%+v: failed %d times", c, failed)
		}
	}
}

// TestRenewalsWait: two are prepared at a time, those that are due; the session looks again when one may have ended, or
// is due.
func TestRenewalsWait(t *testing.T) {
	d := &disk{}
	d.replace(pattern(10))
	var r renewals
	works := &worklist{attended: true}
	for i := range 4 {
		o := &object{Object: &Object{}, state: changed}
		o.file.ContentLocation, o.file.Source = "a", d
		r.add(o, start.Add(time.Duration(i/3)*time.Minute)) // three at once, one later
	}
	begun := func() (n int) {
		for _, e := range r.list {
			if e.work != nil {
				n++
			}
		}
		return n
	}
	if at, ok := r.at(start.Add(-time.Minute)); !ok || !at.Equal(start) {
		t.Errorf("the first look at %v", at.Sub(start))
	}
	if done := r.advance(start.Add(-1), works); len(done) != 0 || begun() != 0 {
		t.Errorf("%d have begun before their time", begun())
	}
	if done := r.advance(start, works); len(done) != 0 || begun() != maxRenewing {
		t.Errorf("%d have begun", begun())
	}
	if at, ok := r.at(start); !ok || !at.Equal(start.Add(renewPoll)) {
		t.Errorf("the next look after %v", at.Sub(start))
	}
	for _, w := range works.drain() {
		w.Run(nil)
	}
	if done := r.advance(start, works); len(done) != 2 || len(r.list) != 2 || begun() != 1 {
		t.Errorf("%d are done, %d of %d have begun", len(done), begun(), len(r.list))
	}
	if done := r.advance(start, works); len(done) != 0 || begun() != 1 {
		t.Errorf("%d are done, %d have begun", len(done), begun())
	}
	r.list[0].object.state = gone
	if done := r.advance(start, works); len(done) != 0 || len(r.list) != 1 || begun() != 0 {
		t.Errorf("after one was removed: %d are done, %d of %d have begun", len(done), begun(), len(r.list))
	}
	if at, ok := r.at(start); !ok || !at.Equal(start.Add(time.Minute)) {
		t.Errorf("the next look after %v", at.Sub(start))
	}
	if done := r.advance(start.Add(time.Minute), works); len(done) != 0 || begun() != 1 {
		t.Errorf("%d have begun", begun())
	}
	if r.discard(); len(r.list) != 0 {
		t.Errorf("%d are left", len(r.list))
	}
	if _, ok := r.at(start); ok {
		t.Error("it looks for nothing")
	}
}

// TestWorksAreOfferedAgain: one that was drained and has not begun, after five seconds, and twice as long each time, up
// to a bound.
func TestWorksAreOfferedAgain(t *testing.T) {
	l := &worklist{attended: true}
	w := &Work{job: blankJob{}}
	l.offer(w, start)
	now := start
	for i := range 9 {
		wait := 5 * time.Second << min(i, maxOffers)
		l.remind(w, now.Add(10*time.Hour)) // it waits to be drained
		if len(l.works) != 1 || w.offers != i+1 {
			t.Fatalf("offered %d times, %d wait", w.offers, len(l.works))
		}
		l.drain()
		if l.remind(w, now.Add(wait-1)); len(l.works) != 0 {
			t.Fatalf("offer %d: again before %v", i+1, wait)
		}
		w.state.Store(workRunning)
		if l.remind(w, now.Add(wait)); len(l.works) != 0 {
			t.Fatalf("offer %d: again while it runs", i+1)
		}
		w.state.Store(workPending)
		now = now.Add(wait)
		if l.remind(w, now); len(l.works) != 1 {
			t.Fatalf("offer %d: not again after %v", i+1, wait)
		}
	}
	if l.press(w, now); len(l.works) != 1 || w.done() {
		t.Error("somebody runs Works, and the session runs one itself")
	}
	l.attended = false
	if l.press(w, now); len(l.works) != 0 || !w.done() {
		t.Error("nobody runs Works, and the session does not either")
	}
}

// TestTooManyEncodes: of Works for repair symbols the newest are kept; others are all kept.
func TestTooManyEncodes(t *testing.T) {
	l := &worklist{attended: true}
	other := &Work{job: blankJob{}}
	l.offer(other, start)
	var encodes []*Work
	for i := range maxEncodes + 3 {
		w := &Work{job: &encodeJob{}}
		encodes = append(encodes, w)
		l.offer(w, start)
		if want := 1 + min(i+1, maxEncodes); len(l.works) != want {
			t.Fatalf("after %d: %d Works, want %d", i+1, len(l.works), want)
		}
	}
	if l.works[0] != other || l.works[1] != encodes[3] || l.works[maxEncodes] != encodes[maxEncodes+2] {
		t.Error("not the newest")
	}
	for range maxEncodes {
		l.offer(&Work{job: blankJob{}}, start)
	}
	if len(l.works) != 1+2*maxEncodes {
		t.Errorf("%d Works", len(l.works))
	}
}

// TestWorkFails: a crash is told once, and not after the end.
func TestWorkFails(t *testing.T) {
	crash := errors.New("crash")
	for state, want := range map[uint32]error{workPending: crash, workRunning: crash, workDone: nil} {
		w := &Work{}
		w.state.Store(state)
		w.Fail(crash)
		if !errors.Is(w.err, want) || w.crashed != (want != nil) || !w.done() || w.takeBack() {
			t.Errorf("state %d: %v, crashed %v", state, w.err, w.crashed)
		}
	}
}

// TestDescribed: what is described is so until some time before the description expires (RFC 6726, section 3.3).
func TestDescribed(t *testing.T) {
	for duration, margin := range map[time.Duration]time.Duration{
		time.Hour: time.Minute, 4 * time.Minute: time.Minute, 100 * time.Second: 25 * time.Second,
	} {
		cfg := &Config{FDTDuration: duration}
		o := &object{covered: start.Add(duration)}
		if end := start.Add(duration - margin); !o.described(cfg, end.Add(-1)) || o.described(cfg, end) {
			t.Errorf("an FDT Instance of %v is not used up to %v before it expires", duration, margin)
		}
	}
}

// TestExpiry: whole seconds, rounded up: "in the future upon creation" (RFC 6726, section 3.3).
func TestExpiry(t *testing.T) {
	cfg := &Config{FDTDuration: 10 * time.Second}
	whole := start.Truncate(time.Second)
	for after, want := range map[time.Duration]time.Duration{
		0: 10 * time.Second, 1: 11 * time.Second, time.Second - 1: 11 * time.Second, time.Second: 11 * time.Second,
	} {
		if got := expiry(cfg, whole.Add(after)); !got.Equal(whole.Add(want)) {
			t.Errorf("%v after a whole second: %v", after, got.Sub(whole))
		}
	}
}

// TestFits: the last file and byte of an FDT Instance, and none more; but one file always.
func TestFits(t *testing.T) {
	cfg := &Config{FDTFiles: 3, FDTBytes: rootBytes + 100}
	for _, c := range []struct {
		objects, bytes, room int
		want                 bool
	}{
		{0, 0, 1 << 20, true}, {2, 60, 40, true}, {2, 60, 41, false}, {3, 60, 1, false}, {1, 100, 0, true}, {1, 100, 1, false},
	} {
		p := &page{size: tally{c.objects, c.bytes}, objects: make([]*object, c.objects)}
		if got := p.fits(cfg, &object{room: c.room}); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// TestPiece: whole packets, at least one, no more than the block has.
func TestPiece(t *testing.T) {
	c := &coding{oti: fec.OTI{SymbolLength: 100}, perPacket: 2}
	for _, v := range []struct {
		off    uint64
		window int
		want   uint64
	}{
		{0, 0, 200},
		{0, 199, 200},
		{0, 399, 200},
		{0, 400, 400},
		{200, 1000, 1000},
		{200, 10_000, 1850},
		{2000, 1000, 50},
	} {
		b := &block{off: 7, size: 2050}
		if got := b.piece(c, v.off, v.window); got != (span{7 + v.off, v.want}) {
			t.Errorf("%+v: %+v", v, got)
		}
	}
}
