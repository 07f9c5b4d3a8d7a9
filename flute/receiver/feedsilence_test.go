package receiver

import (
	"testing"
	"time"
)

// A feed is told to be silent after so many datagrams on others, and so long a time; not before either.
func TestWhenAFeedIsSilent(t *testing.T) {
	for name, c := range map[string]struct {
		missed int
		since  time.Duration
		want   bool
	}{
		"both":          {feedMissed, feedSilence, true},
		"one more":      {feedMissed - 1, feedSilence, false},
		"not so long":   {feedMissed, feedSilence - 1, false},
		"far too many":  {10 * feedMissed, time.Second, false},
		"for very long": {1, time.Hour, false},
	} {
		r := newRig(t, withFeeds(2))
		o := plain(t, 1, 3000, 100, 4)
		r.on(0, describe(t, 0, o.file("a")), o.packet(0, 0, 1))
		r.on(1, o.packet(0, 0, 1))
		one := &r.l.feeds.list[1]
		one.missed, one.last = c.missed-1, r.now.Add(-c.since)
		r.on(0, o.packet(0, 1, 1))
		if one.silent != c.want {
			t.Errorf("%s: silent %v", name, one.silent)
		}
		if r.on(1, o.packet(0, 1, 1)); one.silent || one.missed != 0 {
			t.Errorf("%s: silent though it was heard", name)
		}
		r.close()
	}
}
