package receiver

import (
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
)

// TestSchedule: the least moment counts, and none is no moment. All entries are looked at no more often than their
// number permits.
func TestSchedule(t *testing.T) {
	at := func(d time.Duration) time.Time { return start.Add(d) }
	l := &Ledger{swept: start, entries: map[flute.TOI]*entry{}}
	for i := range uint64(1000) {
		l.entries[flute.NewTOI(i+1)] = nil
	}
	pace := 1000 * sweepPace
	for _, c := range []struct {
		told, wake, sweep time.Time
	}{
		{noTime, noTime, noTime},
		{at(2 * pace), at(2 * pace), at(2 * pace)},
		{at(3 * pace), at(2 * pace), at(2 * pace)},
		{noTime, at(2 * pace), at(2 * pace)},
		{at(pace), at(pace), at(pace)},
		{at(pace - 1), at(pace - 1), at(pace)},
		{at(-pace), at(-pace), at(pace)},
	} {
		l.schedule(c.told)
		if got := l.nextSweep(); !l.wake.Equal(c.wake) || !got.Equal(c.sweep) {
			t.Errorf("%v: wakes at %v, sweeps at %v; want %v and %v", c.told, l.wake, got, c.wake, c.sweep)
		}
	}
	for _, c := range []struct {
		t, now time.Time
		want   bool
	}{{noTime, start, false}, {start, at(-1), false}, {start, start, true}, {start, at(1), true}} {
		if due(c.t, c.now) != c.want {
			t.Errorf("%v is due at %v: %v", c.t, c.now, !c.want)
		}
	}
}

// TestPruneDoubtful: entries that are not in doubt any more leave no place behind.
func TestPruneDoubtful(t *testing.T) {
	l := &Ledger{}
	e := &entry{doubt: 2}
	l.doubtful = []*entry{nil, e}
	l.pruneDoubtful()
	if len(l.doubtful) != 0 || e.doubt != 0 {
		t.Errorf("%d places, the entry is in number %d", len(l.doubtful), e.doubt)
	}
}
