package sender

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

// hung returns a transfer that waits for its source since then.
func hung(since time.Time) *carrier {
	c := &carrier{since: since}
	c.content.work, c.content.job = &Work{offered: since, offers: 1}, &readJob{}
	return c
}

// busy returns a transfer that waits for a Work since then.
func busy(since time.Time) *carrier {
	c := &carrier{since: since}
	c.waiting = &Work{}
	return c
}

// TestPoll: files that wait are looked at after as long as they have waited, a millisecond at least; one that can go on
// at once; one that has its own pace when its packet is due.
func TestPoll(t *testing.T) {
	now := start.Add(time.Hour)
	ms := time.Millisecond
	done := busy(now)
	done.waiting.state.Store(workDone)
	paced := func(due time.Duration) *carrier {
		c := &carrier{}
		c.target.due = now.Add(due)
		return c
	}
	answered := hung(now)
	answered.content.work.state.Store(workDone)
	for _, c := range []struct {
		name           string
		active, parked []*carrier
		paused         bool
		full           bool
		want           time.Duration
	}{
		{name: "nothing", want: mostPoll},
		{name: "one that has just begun to wait", active: []*carrier{busy(now)}, want: ms},
		{name: "less than a millisecond", active: []*carrier{busy(now.Add(-ms / 2))}, want: ms},
		{name: "for long", active: []*carrier{busy(now.Add(-7 * ms))}, want: 7 * ms},
		{name: "for very long", active: []*carrier{busy(now.Add(-time.Minute))}, want: mostPoll},
		{name: "two", active: []*carrier{busy(now.Add(-9 * ms)), busy(now.Add(-4 * ms))}, want: 4 * ms},
		{name: "its Work has run", active: []*carrier{busy(now.Add(-9 * ms)), done}, want: 0},
		{name: "it waits for nothing", active: []*carrier{{}}, want: 0},
		{name: "one that is not due", active: []*carrier{paced(3 * ms)}, want: 3 * ms},
		{name: "one that is due", active: []*carrier{paced(0)}, want: 0},
		{name: "opening", parked: []*carrier{hung(now.Add(-5 * ms))}, want: 5 * ms},
		{name: "just opening", parked: []*carrier{hung(now)}, want: ms},
		{name: "opened", parked: []*carrier{answered}, want: 0},
		{name: "opened, without a place", active: []*carrier{busy(now.Add(-9 * ms))}, parked: []*carrier{answered}, full: true, want: 9 * ms},
		{name: "paused", active: []*carrier{done}, parked: []*carrier{answered}, paused: true, want: mostPoll},
	} {
		q := &queue{active: c.active, parked: c.parked, paused: c.paused, parallel: 5}
		if c.full {
			q.parallel = 1
		}
		s := &schedule{queues: []*queue{q}}
		if got := s.poll(now).Sub(now); got != c.want {
			t.Errorf("%s: after %v, want %v", c.name, got, c.want)
		}
	}
}

// TestParkedAt: a file whose source has not answered gives its place to another after a while; from then on its Work is
// looked after, when it may be lost.
func TestParkedAt(t *testing.T) {
	now := start.Add(time.Hour)
	answered := hung(now.Add(-time.Hour))
	answered.content.work.state.Store(workDone)
	for _, c := range []struct {
		name   string
		parked []*carrier
		paused bool
		want   time.Duration // zero: never
	}{
		{name: "nothing"},
		{name: "just begun", parked: []*carrier{hung(now)}, want: stallTime},
		{name: "some time ago", parked: []*carrier{hung(now.Add(-50 * time.Millisecond))}, want: stallTime - 50*time.Millisecond},
		{name: "stalls", parked: []*carrier{hung(now.Add(-stallTime))}, want: offerAgain - stallTime},
		{name: "may be lost", parked: []*carrier{hung(now.Add(-offerAgain))}, want: mostPoll},
		{name: "two", parked: []*carrier{hung(now.Add(-stallTime)), hung(now)}, want: stallTime},
		{name: "two, the first is first", parked: []*carrier{hung(now), hung(now.Add(-stallTime))}, want: stallTime},
		{name: "answered", parked: []*carrier{answered}},
		{name: "paused", parked: []*carrier{hung(now)}, paused: true},
	} {
		s := &schedule{queues: []*queue{{}, {parked: c.parked, paused: c.paused}}}
		at, ok := s.parkedAt(now)
		if ok != (c.want > 0) || ok && at.Sub(now) != c.want {
			t.Errorf("%s: %v after %v, want %v", c.name, ok, at.Sub(now), c.want)
		}
		// The object that waits for its turn comes first where that is sooner.
		for _, turn := range []time.Duration{1, time.Hour} {
			s.waiting = delays{}
			s.waiting.push(&object{resume: now.Add(turn)})
			want := turn
			if c.want > 0 {
				want = min(turn, c.want)
			}
			if at, ok := s.at(now); !ok || at.Sub(now) != want {
				t.Errorf("%s, a turn after %v: %v after %v", c.name, turn, ok, at.Sub(now))
			}
		}
	}
}

// TestHeldTransfers: of files that are paused so many keep their place in the transfer; others begin anew.
func TestHeldTransfers(t *testing.T) {
	s, _ := oneFile(t, Config{OTI: fec.OTI{SymbolLength: 100}, Parallel: maxHeld + 2, TransferCount: -1}, 1000)
	for i := range maxHeld + 1 {
		content := strings.NewReader(strings.Repeat("x", 1000))
		addTo(t, s, File{ContentLocation: fmt.Sprint(i), Content: content, Size: 1000})
	}
	q := s.schedule.queue(0)
	now := start
	for ; len(q.active) < maxHeld+2; now = now.Add(time.Millisecond) {
		if _, _, err := s.AppendNext(nil, now); err != nil {
			t.Fatal(err)
		}
	}
	inTransfer := slices.Clone(q.active)
	for i, c := range inTransfer {
		o := c.object
		if !s.PauseObject(o.toi, true) || len(q.held) != min(i+1, maxHeld) || len(q.active) != len(inTransfer)-i-1 {
			t.Fatalf("after %d: %d held, %d in transfer", i+1, len(q.held), len(q.active))
		}
		if (o.state == active) != (i < maxHeld) {
			t.Errorf("file %d is in state %d", i, o.state)
		}
	}
	if _, ok, err := s.AppendNext(nil, now); err != nil || ok && s.schedule.next() != nil {
		t.Errorf("a packet of a file that is paused: %v", err)
	}
	for _, st := range s.Queues() {
		if st.Sending != maxHeld || st.Files != maxHeld+2 || st.Paused {
			t.Errorf("%+v", st)
		}
	}
	list, total := s.Objects(1000)
	if total != maxHeld+2 || len(list) != total {
		t.Errorf("%d of %d objects", len(list), total)
	}
	for _, o := range list {
		if o.Phase != "paused" {
			t.Errorf("%+v", o)
		}
	}
	for i := range maxHeld + 2 {
		if !s.PauseObject(flute.NewTOI(uint64(i+1)), false) {
			t.Fatal(i)
		}
	}
	if len(q.held) != 0 || len(q.parked) != maxHeld || q.pending.Len() != 2 {
		t.Errorf("%d are held, %d wait for a place, %d for their turn", len(q.held), len(q.parked), q.pending.Len())
	}
}

// TestSpare: an FDT Instance that is replaced has room for old descriptions in proportion to what files took since the
// one before, halved, and shared by its transmissions; the first one and that of a complete session describe all.
func TestSpare(t *testing.T) {
	for _, c := range []struct {
		transfers                  int
		number, sentBefore, sent   uint64
		complete, full, inTransfer bool
		want                       int
	}{
		{transfers: 2, number: 1, sentBefore: 1000, sent: 3400, want: 100}, // 2400 / (2 * 4 * 3)
		{transfers: 2, number: 1, sentBefore: 1000, sent: 3399, want: 99},
		{transfers: 1, number: 9, sentBefore: 0, sent: 1600, want: 100},
		{transfers: 2, number: 1, sentBefore: 1000, sent: 1000, want: 0},
		{transfers: 2, number: 0, sentBefore: 1000, sent: 3400, want: 777},
		{transfers: 2, number: 1, sentBefore: 1000, sent: 3400, complete: true, want: 777},
		{transfers: 2, number: 1, sentBefore: 1000, sent: 3400, full: true, want: 0},
		{transfers: 2, number: 0, sentBefore: 1000, sent: 3400, inTransfer: true, want: 0},
	} {
		l := &plan{
			cfg:       &Config{FDTTransfers: c.transfers, FullFDT: c.full, FDTInTransfer: c.inTransfer},
			fileBytes: c.sent, complete: c.complete,
		}
		p := &page{instance: instance{number: c.number}, bytes: c.sentBefore, size: tally{bytes: 777}}
		if got := l.spare(p); got != c.want {
			t.Errorf("%+v: %d bytes to spare", c, got)
		}
	}
}

// TestCompact: of the files that were described often enough the oldest leave, as long as their descriptions take more
// than what is spare; the newest stays, unless files leave at once.
func TestCompact(t *testing.T) {
	for _, c := range []struct {
		name   string
		states string // of each: s was described often enough, f not yet, g is gone, l has packets to come
		spare  int
		prompt bool
		left   string
	}{
		{"nothing to spare", "sss", 0, false, "c"},
		{"all has room", "sss", 300, false, "abc"},
		{"a byte is missing", "sss", 299, false, "bc"},
		{"room for one", "sss", 100, false, "c"},
		{"a byte less", "sss", 99, false, "c"},
		{"others do not count", "slsf", 200, false, "abcd"},
		{"others stay", "slsf", 100, false, "bcd"},
		{"what is gone leaves", "gsgl", 300, false, "bd"},
		{"the newest is gone", "ssg", 0, false, ""},
		{"at once", "sss", 0, true, ""},
		{"at once, but those that are not done", "slf", 0, true, "bc"},
	} {
		cfg := &Config{FDTTransfers: 2, FullFDT: c.prompt}
		p := &page{rounds: 5}
		for i, state := range c.states {
			o := &object{location: string(rune('a' + i)), room: 100, state: finished, round: 3}
			switch state {
			case 'f':
				o.round = 4
			case 'g':
				o.state = gone
			case 'l':
				o.state = pending
			}
			p.objects = append(p.objects, o)
			if state != 'g' {
				p.size.add(o)
			}
		}
		dropped := 0
		p.compact(cfg, c.spare, func(*object) { dropped++ })
		var left strings.Builder
		for _, o := range p.objects {
			left.WriteString(o.location)
		}
		if left.String() != c.left || dropped != len(c.states)-len(c.left) || p.size.objects != len(c.left) {
			t.Errorf("%s: %q are left, want %q; %d dropped, %+v", c.name, left.String(), c.left, dropped, p.size)
		}
	}
}
