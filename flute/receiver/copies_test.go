package receiver

import (
	"testing"

	"github.com/flute-node/flute-node/flute"
)

// What one feed has brought and another one has not, is lost by that one: once it leaves the window, comes again, or
// the session ends. A copy that comes late is late, and not lost.
func TestCopies(t *testing.T) {
	feeds3 := []flute.Feed{{Interface: "a"}, {Interface: "b"}, {Interface: "c", Channel: 1}}
	const x = 5<<32 | 7 // a datagram of set 7
	for name, c := range map[string]struct {
		come func(f *feeds)
		lost [3]uint64
		late [3]uint64
	}{
		"nothing":   {func(*feeds) {}, [3]uint64{}, [3]uint64{}},
		"by one":    {func(f *feeds) { f.note(0, x) }, [3]uint64{0, 1, 0}, [3]uint64{}},
		"by both":   {func(f *feeds) { f.note(0, x); f.note(1, x) }, [3]uint64{}, [3]uint64{0, 1, 0}},
		"elsewhere": {func(f *feeds) { f.note(2, x) }, [3]uint64{}, [3]uint64{}}, // alone on its channel
		"on two channels": {
			func(f *feeds) { f.note(0, x); f.note(2, x); f.note(1, x) }, [3]uint64{}, [3]uint64{0, 1, 0},
		},
		"again by both": {
			func(f *feeds) { f.note(0, x); f.note(1, x); f.note(0, x); f.note(1, x) }, [3]uint64{}, [3]uint64{0, 2, 0},
		},
		"again by one": {
			func(f *feeds) { f.note(0, x); f.note(1, x); f.note(0, x) }, [3]uint64{0, 1, 0}, [3]uint64{0, 1, 0},
		},
		"twice by one": {func(f *feeds) { f.note(1, x); f.note(1, x) }, [3]uint64{2, 0, 0}, [3]uint64{}},
		"others of the set": {
			func(f *feeds) {
				f.note(0, x)
				for i := range uint64(windowWays - 1) {
					f.note(1, (10+i)<<32|7)
				}
				f.note(1, x)
			}, [3]uint64{windowWays - 1, 0, 0}, [3]uint64{0, 1, 0},
		},
		"one too many": {
			func(f *feeds) {
				f.note(0, x)
				for i := range uint64(windowWays) {
					f.note(1, (10+i)<<32|7)
				}
				f.note(1, x)
			}, [3]uint64{windowWays + 1, 1, 0}, [3]uint64{},
		},
		"of another set": {func(f *feeds) { f.note(0, x); f.note(1, x+1) }, [3]uint64{1, 1, 0}, [3]uint64{}},
	} {
		r := newRig(t, func(c *Config) { c.Feeds = feeds3 })
		f := &r.l.feeds
		if f.window == nil {
			r.l.share.Small.TryReserve(f.bytes())
			f.window = make([]windowSet, windowSets)
		}
		c.come(f)
		r.l.closeFeeds()
		for i := range f.list {
			if got := f.list[i].stats; got.Lost != c.lost[i] || got.Late != c.late[i] {
				t.Errorf("%s: feed %d: %d lost, %d late; want %d, %d", name, i, got.Lost, got.Late, c.lost[i],
					c.late[i])
			}
		}
	}
}
