package sending

import (
	"testing"
	"time"
)

// TestFarewellsShareTimes: sessions that end within closeTick repeat the flag at the same times, closeInterval apart,
// also where a wake-up is a little late. After a long pause the next one is as far away.
func TestFarewellsShareTimes(t *testing.T) {
	tick := time.Unix(1000, 0)
	var due [2]time.Time
	for i, now := range []time.Time{tick.Add(time.Microsecond), tick.Add(closeTick)} {
		for k := range 4 {
			due[i] = nextFarewell(due[i], now)
			if want := tick.Add(closeTick + time.Duration(k+1)*closeInterval); !due[i].Equal(want) {
				t.Errorf("session %d, flag %d: %v after the first, want %v", i, k, due[i].Sub(tick), want.Sub(tick))
			}
			now = due[i].Add(80 * time.Microsecond)
		}
	}
	late := due[0].Add(time.Second + time.Millisecond)
	if got := nextFarewell(due[0], late).Sub(late); got < closeInterval || got >= closeInterval+closeTick {
		t.Errorf("%v after one that was late", got)
	}
}
