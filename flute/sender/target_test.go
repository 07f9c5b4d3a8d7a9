package sender

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute/event"
)

// TestFileTarget: the packets of a transfer, repair symbols included, are spread evenly over its time, also for a
// caller who asks in steps of a millisecond, and of an empty file. What is late is told.
func TestFileTarget(t *testing.T) {
	for _, test := range []struct {
		size  uint64
		step  time.Duration
		pause time.Duration // in the middle
		late  bool
	}{
		{size: 0, step: time.Millisecond},
		{size: 1, step: time.Millisecond},
		{size: 1_000_000, step: time.Millisecond},
		{size: 20_000_000, step: time.Millisecond},
		{size: 1_000_000, step: time.Millisecond, pause: 2 * time.Second},
		{size: 1_000_000, step: time.Millisecond, pause: 8 * time.Second, late: true},
	} {
		t.Run(fmt.Sprintf("%d bytes, %v", test.size, test.pause), func(t *testing.T) {
			oti := fec.OTI{
				EncodingID: fec.ReedSolomonGF28, SymbolLength: 1000, MaxSourceBlockLength: 20, MaxEncodingSymbols: 25,
			}
			cfg := Config{OTI: oti, FDTInterval: time.Hour, FDTDuration: 3 * time.Hour}
			cfg.Registry = blank(schemes.Default())
			s, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			o, err := File{ContentLocation: "file:///a", Size: test.size, Within: 10 * time.Second}.StandIn(test.size)
			if err != nil {
				t.Fatal(err)
			}
			load, within, err := s.Target(o, start)
			if err != nil || within != 10*time.Second {
				t.Fatal(within, err)
			}
			if _, err := s.Add(o); err != nil {
				t.Fatal(err)
			}
			var last time.Time
			most, sent := 0, uint64(0)
			end, limit := start.Add(5*time.Second), start.Add(20*time.Second)
			for now := start; s.stats.counts.Completed == 0 && now.Before(limit); now = now.Add(test.step) {
				n := 0
				for {
					before := s.stats.counts.FDTPackets
					_, ok, err := s.AppendNext(nil, now)
					if err != nil {
						t.Fatal(err)
					}
					if !ok {
						break
					}
					if s.stats.counts.FDTPackets == before {
						n++
						last = now
					}
				}
				sent += uint64(n)
				most = max(most, n)
				if now.After(end) {
					now, end = now.Add(test.pause), now.Add(time.Hour)
				}
			}
			if sent != load.Packets {
				t.Errorf("%d packets of %d", sent, load.Packets)
			}
			took := last.Sub(start)
			if test.late {
				var by time.Duration
				for _, e := range s.Events() {
					if e, ok := e.(event.Late); ok {
						by = e.By
					}
				}
				if by <= 0 || by != took-10*time.Second {
					t.Errorf("took %v, late by %v", took, by)
				}
				return
			}
			for _, e := range s.Events() {
				if e, ok := e.(event.Late); ok {
					t.Errorf("late by %v", e.By)
				}
			}
			even := 10 * time.Second / time.Duration(load.Packets)
			if took > 10*time.Second || took < 10*time.Second-2*even-2*test.step {
				t.Errorf("took %v, of %d packets", took, load.Packets)
			}
			// After the pause of a fifth of the time the rest is at most two thirds faster, but for the slack.
			steady := float64(load.Packets) / 10000 * float64(test.step/time.Millisecond)
			if allowed := int(steady*5/3+float64(targetSlack/test.step)*steady) + 2; most > allowed {
				t.Errorf("%d packets at once, want at most %d", most, allowed)
			}
		})
	}
}

// TestTargetDue: the packets that are left share the time that is left, also after the slack, at the end, and beyond
// it, where all of them are due at once.
func TestTargetDue(t *testing.T) {
	at := func(d time.Duration) time.Time { return start.Add(d) }
	for _, c := range []struct {
		before target
		left   uint64
		now    time.Duration
		due    time.Duration
	}{
		{target{within: time.Second}, 9, 0, 100 * time.Millisecond},
		{target{within: time.Second}, 0, 0, time.Second},
		{target{end: at(time.Second), due: at(0)}, 9, 0, 100 * time.Millisecond},
		{target{end: at(time.Second), due: at(0)}, 9, targetSlack, 100 * time.Millisecond},
		{target{end: at(105 * time.Millisecond), due: at(0)}, 9, 2 * targetSlack, targetSlack + 10*time.Millisecond},
		{target{end: at(time.Second), due: at(time.Second)}, 9, time.Second, time.Second},
		{target{end: at(time.Second), due: at(time.Second)}, 9, 2 * time.Second, 2*time.Second - targetSlack},
	} {
		got := c.before
		got.sent(c.left, at(c.now))
		if !got.due.Equal(at(c.due)) || got.waits(at(c.due)) || !got.waits(at(c.due-1)) {
			t.Errorf("%+v, %d left after %v: due %v, want %v", c.before, c.left, c.now, got.due.Sub(start), c.due)
		}
	}
	var none target
	if none.sent(9, start); none != (target{}) || none.isSet() || none.late(start) != 0 {
		t.Errorf("no target: %+v", none)
	}
	end := target{end: start}
	if by := end.late(at(lateTolerance)); by != 0 {
		t.Errorf("late by %v is told", by)
	}
	if by := end.late(at(lateTolerance + 1)); by != lateTolerance+1 {
		t.Errorf("late by %v, want %v", by, lateTolerance+1)
	}
}

// TestTargetRefused: a target that cannot be met, or two of them, are refused by the name of the field.
func TestTargetRefused(t *testing.T) {
	for _, c := range []struct {
		file File
		once bool
		want string
	}{
		{File{}, false, ""},
		{File{Within: 1}, false, ""},
		{File{By: start}, true, ""},
		{File{Within: -1}, true, "Within"},
		{File{Within: 1, By: start}, true, "By"},
		{File{By: start}, false, "By"},
	} {
		err := c.file.checkTarget(c.once)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want+": ") {
			t.Errorf("%+v, once %v: %v", c.file, c.once, err)
		}
	}
	s, err := New(Config{Registry: schemes.Default()})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file File
		want time.Duration
	}{
		{File{}, 0},
		{File{Within: time.Second}, time.Second},
		{File{By: start.Add(time.Second)}, time.Second},
		{File{By: start.Add(time.Second), StartAt: start.Add(time.Millisecond)}, 999 * time.Millisecond},
		{File{By: start.Add(-time.Second)}, 1}, // as soon as it can be
	} {
		c.file.ContentLocation = "file:///a"
		o, err := c.file.StandIn(1)
		if err != nil {
			t.Fatal(err)
		}
		load, within, err := s.Target(o, start)
		if err != nil || within != c.want || (load.Packets > 0) != (within > 0) {
			t.Errorf("%+v: %+v in %v, %v; want %v", c.file, load, within, err, c.want)
		}
	}
}
