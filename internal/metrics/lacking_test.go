package metrics

import (
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

// TestLacking: a file that has failed lacks until it comes, or fails for good; when its session ends, it has failed.
func TestLacking(t *testing.T) {
	begin := time.Now()
	at := func(minute int) time.Time { return begin.Add(time.Duration(minute) * time.Minute) }
	failed := func(tsi, toi uint64) event.ObjectFailed {
		return event.ObjectFailed{Session: key(tsi), TOI: flute.NewTOI(toi), Reason: event.FailClosed, Retry: true}
	}
	forGood := func(f event.ObjectFailed) event.ObjectFailed { f.Retry = false; return f }
	again := func(f event.ObjectFailed) event.ObjectFailed { f.Received = true; return f }
	whole := func(tsi, toi uint64) event.ObjectCompleted {
		return event.ObjectCompleted{Session: key(tsi), TOI: flute.NewTOI(toi)}
	}
	full := failed(1, 9)
	full.Reason, full.Detail = event.FailStore, "no space left"

	m := NewMeter()
	m.Know("in")
	for i, c := range []struct {
		e    notice.Event
		want Files
	}{
		{event.SessionOpened{Session: key(1)}, Files{}},
		{failed(1, 1), Files{Lacking: 1, LackingSince: at(1)}},
		{failed(1, 1), Files{Lacking: 1, LackingSince: at(1)}},
		{failed(1, 2), Files{Lacking: 2, LackingSince: at(1)}},
		{whole(1, 1), Files{Whole: 1, Lacking: 1, LackingSince: at(3)}},
		{whole(1, 2), Files{Whole: 2}},
		{again(failed(1, 2)), Files{Whole: 2}},
		{failed(1, 3), Files{Whole: 2, Lacking: 1, LackingSince: at(7)}},
		{event.ObjectStarted{Session: key(1), TOI: flute.NewTOI(3)}, Files{Whole: 2, Lacking: 1, LackingSince: at(7)}},
		{forGood(failed(1, 3)), Files{Whole: 2, Failed: 1, LastFailed: at(9)}},
		{failed(1, 4), Files{Whole: 2, Failed: 1, LastFailed: at(9), Lacking: 1, LackingSince: at(10)}},
		{event.ObjectRefused{Session: key(1), TOI: flute.NewTOI(4)}, Files{Whole: 2, Failed: 1, LastFailed: at(9)}},
		{failed(1, 5), Files{Whole: 2, Failed: 1, LastFailed: at(9), Lacking: 1, LackingSince: at(12)}},
		{failed(2, 5), Files{Whole: 2, Failed: 1, LastFailed: at(9), Lacking: 2, LackingSince: at(12)}},
		{failed(1, 6), Files{Whole: 2, Failed: 1, LastFailed: at(9), Lacking: 3, LackingSince: at(12)}},
		{event.SessionClosed{Session: key(1)}, Files{
			Whole: 2, Failed: 3, LastFailed: at(15), Lacking: 1, LackingSince: at(13),
		}},
		{event.SessionClosed{Session: key(1)}, Files{
			Whole: 2, Failed: 3, LastFailed: at(15), Lacking: 1, LackingSince: at(13),
		}},
		{whole(2, 5), Files{Whole: 3, Failed: 3, LastFailed: at(15)}},
		{full, Files{
			Whole: 3, Failed: 3, LastFailed: at(15), Lacking: 1, LackingSince: at(18),
			Unstored: "no space left", LastUnstored: at(18),
		}},
		{whole(1, 9), Files{Whole: 4, Failed: 3, LastFailed: at(15), Unstored: "no space left", LastUnstored: at(18)}},
	} {
		m.Observe("in", c.e, at(i))
		if got := m.Files("in"); got != c.want {
			t.Errorf("%d, %T: %+v, want %+v", i, c.e, got, c.want)
		}
	}
}

// TestLackingOfASessionThatIsMissed: files lack no longer, they have failed, also when nobody was told of the end of
// their session.
func TestLackingOfASessionThatIsMissed(t *testing.T) {
	w := newWorld()
	then := time.Now().Add(-2 * overdue)
	w.meter.Observe("in", event.SessionOpened{Session: key(1)}, then)
	w.meter.Observe("in", event.ObjectFailed{Session: key(1), TOI: flute.NewTOI(1), Retry: true}, then)
	// Of this one the beginning was missed, too.
	w.meter.Observe("in", event.ObjectFailed{Session: key(2), TOI: flute.NewTOI(1), Retry: true}, then)
	got, _ := w.gather(t)
	if got["flute_objects_lacking{in}"] != 0 || got["flute_objects_total{in,failed}"] != 2 {
		t.Errorf("%v lack, %v have failed", got["flute_objects_lacking{in}"], got["flute_objects_total{in,failed}"])
	}
}

// TestLackingIsBounded: a sender of files that never come takes no memory without end.
func TestLackingIsBounded(t *testing.T) {
	m := NewMeter()
	m.Know("in")
	for i := range uint64(maxLacking + 100) {
		m.Observe("in", event.ObjectFailed{Session: key(1), TOI: flute.NewTOI(i), Retry: true}, time.Now())
	}
	if n := m.Files("in").Lacking; n != maxLacking {
		t.Errorf("%d lack", n)
	}
}

// TestMoreLackThanAreToldApart: then it is told that there may be more. One that was not told apart lacks from its next
// try on, when there is room.
func TestMoreLackThanAreToldApart(t *testing.T) {
	m := NewMeter()
	m.Know("in")
	begin := time.Now()
	fail := func(toi uint64) {
		m.Observe("in", event.ObjectFailed{Session: key(1), TOI: flute.NewTOI(toi), Retry: true}, begin)
	}
	check := func(want Files) {
		t.Helper()
		if got := m.Files("in"); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	for toi := range uint64(maxLacking - 1) {
		fail(toi + 1)
	}
	check(Files{Lacking: maxLacking - 1, LackingSince: begin})
	fail(maxLacking)
	check(Files{Lacking: maxLacking, LackingMore: true, LackingSince: begin})
	fail(maxLacking + 1)
	check(Files{Lacking: maxLacking, LackingMore: true, LackingSince: begin})
	m.Observe("in", event.ObjectCompleted{Session: key(1), TOI: flute.NewTOI(1)}, begin)
	check(Files{Whole: 1, Lacking: maxLacking - 1, LackingSince: begin})
	fail(maxLacking + 1)
	check(Files{Whole: 1, Lacking: maxLacking, LackingMore: true, LackingSince: begin})
}
