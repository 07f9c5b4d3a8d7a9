package watch

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

var start = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// TestTracker: what is told, second by second. Settle is two seconds. A file is written as name:size@time#id, where the
// time is in seconds after the start; with a minus sign before the name it is left alone, ? is what cannot be read.
func TestTracker(t *testing.T) {
	for name, test := range map[string]struct {
		sent  string
		found []string // one a second
		want  string   // what is told, with the second
	}{
		"written slowly":           {"", []string{"a:1@0#1", "a:2@1#1", "a:3@2#1", "a:3@2#1", "a:3@2#1", "a:3@2#1"}, "4 a:3"},
		"moved there":              {"", []string{"", "a:1@-9#1"}, "1 a:1"},
		"renamed":                  {"", []string{"-p:1@0#1", "a:1@0#1"}, "1 a:1"},
		"renamed from a wanted":    {"", []string{"p:1@-9#1", "a:1@-9#1", "a:1@-9#1", "a:1@-9#1"}, "0 p:1; 1 a:1; 3 p gone"},
		"another file is hidden":   {"", []string{"-p:1@0#1", "a:1@1#2"}, ""},
		"changed":                  {"", []string{"a:1@-9#1", "a:2@1#1", "a:2@1#1", "a:2@1#1"}, "0 a:1; 3 a:2"},
		"replaced":                 {"", []string{"a:1@-9#1", "a:1@-9#2"}, "0 a:1; 1 a:1"},
		"replaced with a gap":      {"", []string{"a:1@-9#1", "", "a:2@-8#2"}, "0 a:1; 2 a:2"},
		"gone":                     {"", []string{"a:1@-9#1", "", "", "", ""}, "0 a:1; 3 a gone"},
		"gone before it was told":  {"", []string{"a:1@0#1", "", "", "", ""}, ""},
		"not readable for a while": {"", []string{"a:1@-9#1", "?", "?", "?", "a:1@-9#1"}, "0 a:1"},
		"sent before the start":    {"a:1@-9", []string{"a:1@-9#1 b:1@-9#2"}, "0 b:1"},
		"changed before the start": {"a:1@-9", []string{"a:1@-8#1"}, "0 a:1"},
		"touched again":            {"", []string{"a:1@-9#1", "a:1@1#1", "a:1@1#1", "a:1@1#1"}, "0 a:1; 3 a:1"},
		"from the future":          {"", []string{"a:1@99#1", "a:1@99#1", "a:1@99#1"}, "2 a:1"},
	} {
		sent, _ := seen(t, test.sent)
		r := newTracker(2*time.Second, sent)
		var told []string
		for i, text := range test.found {
			now := start.Add(time.Duration(i) * time.Second)
			found, hidden := seen(t, text)
			r.see(now, found, hidden, func(string) bool { return text == "?" })
			for _, c := range r.changes(now) {
				what := fmt.Sprintf("%d %s:%d", i, c.name, c.stamp.size)
				if c.removed {
					what = fmt.Sprintf("%d %s gone", i, c.name)
				}
				told = append(told, what)
			}
			if next := r.next(); !next.IsZero() && !next.After(now) {
				t.Errorf("%s: second %d: something is due that was not told", name, i)
			}
		}
		if got := strings.Join(told, "; "); got != test.want {
			t.Errorf("%s: told %q, want %q", name, got, test.want)
		}
	}
}

// seen reads files as TestTracker writes them.
func seen(t *testing.T, text string) (found map[string]stamp, hidden map[string]bool) {
	t.Helper()
	found, hidden = map[string]stamp{}, map[string]bool{}
	if text == "?" {
		return found, hidden
	}
	for word := range strings.FieldsSeq(text) {
		name, rest, _ := strings.Cut(word, ":")
		rest, id, _ := strings.Cut(rest, "#")
		var s stamp
		var at int64
		if _, err := fmt.Sscanf(rest, "%d@%d", &s.size, &at); err != nil {
			t.Fatal(word, err)
		}
		s.time, s.id = start.Add(time.Duration(at)*time.Second).UnixNano(), id
		if _, left := strings.CutPrefix(name, "-"); left {
			hidden[id] = true
		} else {
			found[name] = s
		}
	}
	return found, hidden
}

// TestTrackerFailures: what failed is told again, later each time; what has succeeded is remembered until the file is
// gone.
func TestTrackerFailures(t *testing.T) {
	r := newTracker(2*time.Second, nil)
	found, _ := seen(t, "a:1@-9#1")
	now := start
	r.see(now, found, nil, func(string) bool { return false })
	var waits []time.Duration
	for range 9 {
		due := r.changes(now)
		if len(due) != 1 {
			t.Fatalf("%d are told", len(due))
		}
		r.failed(due[0], now)
		waits = append(waits, r.next().Sub(now))
		now = r.next()
	}
	if want := "[1s 2s 4s 8s 16s 32s 1m0s 1m0s 1m0s]"; fmt.Sprint(waits) != want {
		t.Errorf("told again after %v, want %s", waits, want)
	}
	c := r.changes(now)[0]
	if !r.done(c) || r.done(c) || r.sent["a"] != c.stamp || !r.next().IsZero() {
		t.Errorf("done: %v, next %v", r.sent, r.next())
	}
	r.failed(change{name: "a", stamp: stamp{size: 7}}, now) // of a version before
	if !r.next().IsZero() {
		t.Error("a failure of an older version counts")
	}
	r.see(now, nil, nil, func(string) bool { return false })
	if r.changes(now.Add(3 * time.Second)); len(r.sent) != 0 {
		t.Errorf("a file that is gone is remembered: %v", r.sent)
	}
}

// TestClockIsSet: a file that waits for Settle does not wait an hour more when the clock is set back by one meanwhile:
// when it is due is a moment of the clock that nobody sets.
func TestClockIsSet(t *testing.T) {
	now := time.Now()
	r := newTracker(time.Minute, nil)
	r.see(now, map[string]stamp{"a": {size: 1, time: now.Add(-time.Second).UnixNano()}}, nil, nil)
	due := r.files["a"].due
	if !strings.Contains(due.String(), " m=") {
		t.Errorf("due at %v", due)
	}
	if wait := due.Sub(now); wait != time.Minute-time.Second {
		t.Errorf("due in %v", wait)
	}
}
