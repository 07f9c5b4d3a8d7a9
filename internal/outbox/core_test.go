package outbox

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
)

var policy = Policy{First: time.Second, Most: time.Minute, Patience: 24 * time.Hour}

// TestKey: the key is that of session, TOI, digest and Content-Location, and of nothing else.
func TestKey(t *testing.T) {
	base := File{
		Unit: "in", Session: flute.SessionKey{
			Source: netip.MustParseAddr("10.0.0.1"), Group: netip.MustParseAddrPort("239.1.1.1:3400"), TSI: 7,
		},
		TOI: flute.NewTOI(5), ContentLocation: "file:///a", Digest: "md5:00", Dir: "/srv", Name: "a", Size: 3,
	}
	if got := base.Key(); len(got) != 32 {
		t.Errorf("%q", got)
	}
	for what, c := range map[string]struct {
		change func(*File)
		same   bool
	}{
		"unit":     {func(f *File) { f.Unit = "other" }, true},
		"name":     {func(f *File) { f.Name = "a.1" }, true},
		"time":     {func(f *File) { f.Modified = time.Now() }, true},
		"source":   {func(f *File) { f.Session.Source = netip.MustParseAddr("10.0.0.2") }, false},
		"TSI":      {func(f *File) { f.Session.TSI = 8 }, false},
		"TOI":      {func(f *File) { f.TOI = flute.NewTOI(6) }, false},
		"digest":   {func(f *File) { f.Digest = "md5:01" }, false},
		"location": {func(f *File) { f.ContentLocation = "file:///b" }, false},
		"split":    {func(f *File) { f.Digest, f.ContentLocation = "md5:00f", "ile:///a" }, false},
	} {
		f := base
		c.change(&f)
		if (f.Key() == base.Key()) != c.same {
			t.Errorf("%s: %s and %s", what, f.Key(), base.Key())
		}
	}
}

// TestPause: pauses double up to the longest, and are between a half and the whole of that.
func TestPause(t *testing.T) {
	for failures, want := range map[int]time.Duration{
		1: time.Second, 2: 2 * time.Second, 6: 32 * time.Second, 7: time.Minute, 1000: time.Minute,
	} {
		least, most := policy.pause(failures, 0), policy.pause(failures, 1)
		if least != want/2 || most != want {
			t.Errorf("after %d failures: %v to %v, want up to %v", failures, least, most, want)
		}
	}
}

// TestSettle: what comes of a try by its error.
func TestSettle(t *testing.T) {
	start := time.Unix(1e9, 0)
	broken := errors.New("no answer")
	for name, c := range map[string]struct {
		err     error
		stopped bool
		age     time.Duration
		want    Outcome
		pause   time.Duration // at random 1
	}{
		"taken":                {nil, false, 0, Delivered, 0},
		"taken as it stopped":  {nil, true, 0, Delivered, 0},
		"failed":               {broken, false, 0, Retried, time.Second},
		"broken off":           {broken, true, 0, Stopped, 0},
		"rejected":             {&RejectedError{broken}, false, 0, Rejected, 0},
		"rejected, wrapped":    {fmt.Errorf("x: %w", &RejectedError{broken}), false, 0, Rejected, 0},
		"rejected as it ended": {&RejectedError{broken}, true, 0, Stopped, 0},
		"too long":             {broken, false, policy.Patience, Rejected, 0},
		"not yet":              {broken, false, policy.Patience - 1, Retried, time.Second},
		"later":                {&LaterError{broken, 5 * time.Minute}, false, 0, Retried, 5 * time.Minute},
		"sooner than usual":    {&LaterError{broken, time.Millisecond}, false, 0, Retried, time.Second},
		"much later":           {&LaterError{broken, 1000 * time.Hour}, false, 0, Retried, time.Hour},
		"superseded":           {ErrSuperseded, false, 0, Superseded, 0},
	} {
		it := Item{Added: start, Next: start}
		now := start.Add(c.age)
		got := it.settle(c.err, c.stopped, now, policy, 1)
		tries := 0
		if got == Retried || got == Rejected {
			tries = 1
		}
		if got != c.want || it.Tries != tries || !it.Dead.IsZero() != (got == Rejected) {
			t.Errorf("%s: %v, want %v: %+v", name, got, c.want, it)
		}
		if got == Retried && it.Next.Sub(now) != c.pause {
			t.Errorf("%s: again after %v, want %v", name, it.Next.Sub(now), c.pause)
		}
	}
	it := Item{Added: start}
	it.settle(errors.New(strings.Repeat("x", 10_000)), false, start, policy, 0)
	if len(it.Error) != maxError {
		t.Errorf("an error of %d bytes is kept", len(it.Error))
	}
	it.settle(&RejectedError{broken}, false, start, policy, 0)
	it.revive(start.Add(time.Hour))
	if !it.Dead.IsZero() || it.Tries != 0 ||
		it.settle(broken, false, start.Add(policy.Patience), policy, 0) != Retried {
		t.Errorf("a dead letter that was replayed is not as new: %+v", it)
	}
}

// take takes items at a time, and returns their IDs, and how long there will be no other.
func (l *lane) takeAll(now time.Time) (ids []uint64, wait time.Duration) {
	for {
		id, ok, wait := l.take(now)
		if !ok {
			return ids, wait
		}
		ids = append(ids, id)
	}
}

// TestLane: what is due first is tried first, as many at once as the sink takes; a sink that fails again and again is
// tried by one at a time until it takes one, and so is one that asks for a rest.
func TestLane(t *testing.T) {
	start := time.Unix(1e9, 0)
	l := lane{policy: policy, jobs: 2}
	check := func(what string, at, wait time.Duration, want ...uint64) {
		t.Helper()
		ids, w := l.takeAll(start.Add(at))
		if fmt.Sprint(ids) != fmt.Sprint(want) || w != wait {
			t.Errorf("%s: %v, wait %v; want %v, %v", what, ids, w, want, wait)
		}
	}
	check("empty", 0, 0)
	for id, next := range []time.Duration{4, 3, 3, 2, 9} {
		l.add(&Item{ID: uint64(id), Next: start.Add(next * time.Second)})
	}
	check("too early", 0, 2*time.Second)
	check("one is due", 2*time.Second, time.Second, 3)
	check("a second", 3*time.Second, 0, 1)
	l.ended(Delivered, 0, start.Add(3*time.Second), 1)
	check("a third", 3*time.Second, 0, 2)
	for range 2 {
		l.ended(Retried, 0, start.Add(4*time.Second), 1)
	}
	check("two failures", 4*time.Second, 5*time.Second, 0)
	l.ended(Superseded, 0, start.Add(5*time.Second), 1)
	l.add(&Item{ID: 5, Next: start.Add(9 * time.Second)})
	check("both are due", 9*time.Second, 0, 4, 5)
	l.ended(Retried, 0, start.Add(10*time.Second), 1)
	check("one still runs", 20*time.Second, 0)
	l.ended(Retried, 0, start.Add(10*time.Second), 1) // the fourth: 2 s
	l.add(&Item{ID: 6, Next: start})
	l.add(&Item{ID: 7, Next: start})
	check("tired", 11*time.Second, time.Second)
	check("one at a time", 12*time.Second, 0, 6)
	l.ended(Rejected, 0, start.Add(12*time.Second), 1)
	l.add(&Item{ID: 8, Next: start})
	check("it answers: two at a time", 12*time.Second, 0, 7, 8)
	l.ended(Retried, time.Minute, start.Add(13*time.Second), 1)
	l.ended(Stopped, 0, start.Add(13*time.Second), 1)
	l.add(&Item{ID: 9, Next: start})
	check("it asked for a rest", 14*time.Second, 59*time.Second)
	check("rested", 73*time.Second, 0, 9)
}
