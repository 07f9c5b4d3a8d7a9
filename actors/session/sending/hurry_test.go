package sending

import (
	"testing"
	"time"
)

// counter is a Timer that counts.
type counter struct{ resets int }

func (c *counter) Reset(time.Duration) { c.resets++ }
func (c *counter) Stop()               {}

// TestHurryIsNotRepeated: of many files that are added at once, the first one wakes a session that would sleep long.
// Setting a timer is a system call: when the session wakes soon, nobody sets it.
func TestHurryIsNotRepeated(t *testing.T) {
	for _, test := range []struct {
		name string
		due  time.Time
		want int
	}{
		{"sleeps for long", time.Now().Add(time.Hour), 1},
		{"is about to wake", time.Now(), 0},
		{"pump in the mailbox", time.Time{}, 0},
	} {
		c := &counter{}
		s := &session{ledger: &Ledger{}, pumping: true, timer: c, due: test.due}
		for range 1000 {
			s.hurry(nil)
		}
		if c.resets != test.want {
			t.Errorf("a session that %s: the timer was set %d times, want %d", test.name, c.resets, test.want)
		}
	}
}
