package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

// drawn returns the bars of names, of which each is half done after a second.
func drawn(width, rows int, names ...string) []string {
	var b bars
	now := time.Unix(0, 0)
	for i, name := range names {
		toi := flute.NewTOI(uint64(i + 1))
		b.add(now, event.ObjectStarted{TOI: toi, ContentLocation: name, TransferLength: 2 << 20})
		b.add(now, event.ObjectProgress{TOI: toi, Received: 1 << 20})
	}
	return b.lines(now.Add(time.Second), width, rows)
}

func TestBars(t *testing.T) {
	long := "file:///" + strings.Repeat("long/", 40) + "name.bin"
	for width, want := range map[int][]string{
		20:  {"d/a b 50% 1.0M/s 0:01", "long/long/long/…ong/name.bin"},
		81:  {"d/a b                         [==========           ]  50%     1.0 MiB/s    0:01"},
		200: nil,
	} {
		got := drawn(width, 24, "file:///d/a%20b", long)
		for _, l := range got {
			if columns(l) >= width || !strings.Contains(l, " 50% ") || !strings.Contains(l, "/s ") ||
				!strings.HasSuffix(l, " 0:01") {
				t.Errorf("width %d: %q", width, l)
			}
		}
		if width == 81 && got[0] != want[0] {
			t.Errorf("width %d: %s", width, cmp.Diff(want[0], got[0]))
		}
	}
	for width := range 300 { // no width is too small, and none tears a line
		for _, l := range drawn(width, width, long, "日本語の名前.txt", "") {
			if columns(l) > max(0, width-1) {
				t.Errorf("width %d: %q has %d columns", width, l, columns(l))
			}
		}
	}
	many := make([]string, 50)
	got := drawn(80, 24, many...)
	if len(got) != maxBars+1 || got[maxBars] != "and 42 more, 50.0 MiB/s in all" {
		t.Errorf("%q", got)
	}
}

// TestStalledBar: a file of which nothing comes any more says so, and for how long, until something comes.
func TestStalledBar(t *testing.T) {
	var b bars
	now := time.Unix(0, 0)
	progress := event.ObjectProgress{TOI: flute.NewTOI(1), Received: 99 << 10}
	b.add(now, event.ObjectStarted{TOI: progress.TOI, ContentLocation: "f", TransferLength: 100 << 10})
	b.add(now, progress)
	for _, step := range []struct {
		after     time.Duration
		received  uint64
		wide, low string
	}{
		{9 * time.Second, 0, "  99%    11.0 KiB/s    0:01", " 99% 11K/s 0:01"},
		{10 * time.Second, 0, "  99%      stalled for 0:10", " 99% stalled 0:10"},
		{2 * time.Hour, 99 << 10, "  99%      stalled for 2h00", " 99% stalled 2h00"},
		{2*time.Hour + time.Minute, 99<<10 + 1, "/s ", "/s "},
	} {
		at := now.Add(step.after)
		if progress.Received = step.received; step.received > 0 {
			b.add(at, progress)
		}
		for width, want := range map[int]string{81: step.wide, 40: step.low} {
			if l := b.lines(at, width, 24); len(l) != 1 || !strings.Contains(l[0], want) || columns(l[0]) != width-1 {
				t.Errorf("after %v: %q, want %q", step.after, l, want)
			}
		}
	}
}

// TestSlowBar: a large file, of which a percent takes a minute, is not stalled in between. Nor is one that is there and
// is verified, nor one that is sent and waits for its turn.
func TestSlowBar(t *testing.T) {
	var b bars
	now, toi := time.Unix(0, 0), flute.NewTOI(1)
	b.add(now, event.ObjectStarted{TOI: toi, ContentLocation: "f", TransferLength: 100})
	b.add(now, event.ObjectStarted{TOI: toi, Sending: true, ContentLocation: "f", TransferLength: 100})
	for _, step := range []struct {
		after    time.Duration
		received uint64
		stalled  bool
	}{
		{50 * time.Second, 0, false},
		{time.Minute, 1, false},
		{119 * time.Second, 0, false},
		{2 * time.Minute, 2, false},
		{299 * time.Second, 0, false},
		{5 * time.Minute, 0, true},
		{6 * time.Minute, 3, false},
		{6*time.Minute + time.Second, 4, false},
		{7 * time.Minute, 0, true},
		{8 * time.Minute, 100, false},
		{9 * time.Hour, 0, false},
	} {
		at := now.Add(step.after)
		if step.received > 0 {
			b.add(at, event.ObjectProgress{TOI: toi, Received: step.received})
			b.add(at, event.ObjectProgress{TOI: toi, Sending: true, Received: min(step.received, 99)})
		}
		l := b.lines(at, 81, 24)
		if len(l) != 2 || strings.Contains(l[0], "stalled") != step.stalled || strings.Contains(l[1], "stalled") {
			t.Errorf("after %v: %q", step.after, l)
		}
	}
}

func TestBarsEndWithTheirObjects(t *testing.T) {
	var b bars
	now := time.Unix(0, 0)
	one, two := flute.NewTOI(1), flute.NewTOI(2)
	b.add(now, event.ObjectProgress{TOI: one, Received: 1})
	for _, e := range []notice.Event{
		event.ObjectStarted{TOI: one},
		event.ObjectStarted{TOI: two},
		event.ObjectStarted{TOI: one, Sending: true},
		event.ObjectCompleted{TOI: one},
		event.ObjectFailed{TOI: two},
		event.ObjectFailed{TOI: two},
	} {
		b.add(now, e)
	}
	if len(b.all) != 1 || len(b.index) != 1 || !b.all[0].sending {
		t.Errorf("%d bars, want that of what is sent", len(b.all))
	}
}

func TestFigures(t *testing.T) {
	for seconds, want := range map[float64]string{
		0: "0:00", 0.2: "0:01", 59.5: "1:00", 3599: "59:59", 3600: "1h00", 99 * 3600: "99h00", 1e9: ">99h",
	} {
		if got := formatLeft(seconds); got != want {
			t.Errorf("%v s: %q, want %q", seconds, got, want)
		}
	}
	for n, want := range map[uint64]string{
		0: "0B", 999: "999B", 1000: "1.0K", 1 << 20: "1.0M", 999 << 20: "999M", 1 << 62: "4096P",
	} {
		if got := compactBytes(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestNames(t *testing.T) {
	for location, want := range map[string]string{
		"file:///a%20b/%C3%BC.txt": "a b/ü.txt", "http://h/p?q": "p?q", "a\x1b[2J": "a%1B[2J", "..": "..",
	} {
		if got := humanName(location); got != want {
			t.Errorf("%q: %q, want %q", location, got, want)
		}
	}
	if got := plain("a\x1b[2J\r\nb\u202ec\u00e9"); got != "a?[2J??b?cé" {
		t.Errorf("%q", got)
	}
	for _, test := range []struct {
		name  string
		width int
		want  string
	}{
		{"abcdefghij", 10, "abcdefghij"},
		{"abcdefghijk", 10, "abcd…ghijk"},
		{"abc", 2, "…c"},
		{"abc", 1, "…"},
		{"abc", 0, ""},
		{"日本語の名前", 7, "日…前"},
		{"e\u0301e\u0301e\u0301e\u0301", 3, "e\u0301…e\u0301"},
	} {
		if got := shorten(test.name, test.width); got != test.want {
			t.Errorf("%q to %d: %q, want %q", test.name, test.width, got, test.want)
		}
	}
}

// Lines that change are drawn over those before, also when the terminal has become narrower and has wrapped them.
func TestScreen(t *testing.T) {
	var out strings.Builder
	width := 40
	s := screen{w: &out, size: func() (int, int) { return width, 24 }}
	frame := func(stay, change []string) string {
		out.Reset()
		s.draw(stay, change)
		return out.String()
	}
	for i, test := range []struct {
		width        int
		stay, change []string
		want         string
	}{
		{40, nil, nil, ""},
		{40, []string{"a"}, nil, "\r\x1b[Ja\n"},
		{40, nil, []string{strings.Repeat("x", 39), "y"}, "\r\x1b[J\x1b[?7l" + strings.Repeat("x", 39) + "\ny\n\x1b[?7h"},
		{20, []string{"b"}, []string{"z"}, "\r\x1b[3A\r\x1b[Jb\n\x1b[?7lz\n\x1b[?7h"},
		{20, nil, nil, "\r\x1b[1A\r\x1b[J"},
		{20, nil, nil, ""},
	} {
		width = test.width
		if got := frame(test.stay, test.change); got != test.want {
			t.Errorf("frame %d: %q, want %q", i, got, test.want)
		}
	}
}

// Bars are drawn more often than progress is told: the first bytes came since the start, not since the last look.
func TestRateOfFirstProgress(t *testing.T) {
	var b bars
	start := time.Unix(0, 0)
	toi := flute.NewTOI(1)
	b.add(start, event.ObjectStarted{TOI: toi, ContentLocation: "a", TransferLength: 100 << 20})
	for tick := range 51 {
		now := start.Add(time.Duration(tick) * 100 * time.Millisecond)
		if tick%10 == 0 { // 1 MiB each second
			b.add(now, event.ObjectProgress{TOI: toi, Received: uint64(tick/10) << 20})
		}
		b.lines(now, 81, 24)
		if rate := b.index[object{toi: toi}].rate; rate > 1.5*(1<<20) {
			t.Fatalf("after %v: %.1f MiB/s, want about 1", now.Sub(start), rate/(1<<20))
		}
	}
}

// TestBarsOfACarousel: a file that is sent again and again has no bar while it waits for its next turn, and the bar of
// the next transfer begins anew. It used to stay at 99 %, with a rate that fell for ever.
func TestBarsOfACarousel(t *testing.T) {
	var b bars
	now := time.Unix(0, 0)
	toi := flute.NewTOI(1)
	progress := func(after time.Duration, bytes uint64) []string {
		now = now.Add(after)
		b.add(now, event.ObjectProgress{TOI: toi, Sending: true, Received: bytes, TransferLength: 4 << 20})
		return b.lines(now, 81, 24)
	}
	b.add(now, event.ObjectStarted{TOI: toi, Sending: true, ContentLocation: "file:///a", TransferLength: 4 << 20})
	if got := progress(time.Second, 3<<20); len(got) != 1 || !strings.Contains(got[0], " 75% ") {
		t.Errorf("first transfer: %q", got)
	}
	b.status = "1 transfer of 1 file so far"
	if got := progress(time.Second, 4<<20); len(got) != 1 || got[0] != b.status {
		t.Errorf("between two turns: %q, want the status alone", got)
	}
	progress(time.Minute, 0)
	if got := progress(time.Second, 1<<20); len(got) != 2 || !strings.Contains(got[0], "1.0 MiB/s    0:03") {
		t.Errorf("second transfer: %q, want the rate of this one", got)
	}
	b.add(now, event.ObjectStarted{TOI: toi, ContentLocation: "file:///a", TransferLength: 1})
	b.add(now, event.ObjectProgress{TOI: toi, Received: 1, TransferLength: 1})
	if got := b.lines(now, 81, 24); len(got) != 3 {
		t.Errorf("%q: a file that is received is there when it is published", got)
	}
}
