package sender

import (
	"time"

	"github.com/flute-node/flute-node/flute"
)

// Trigger has the next turn of an object begin at the time given, or now if that is zero or past; one in transfer has
// its next turn after the running one, and one turn more if that was to be the last. What Delay or Interval say counts
// again from then on. It reports whether there is such an object with packets to come that is not being removed or
// replaced.
func (s *Session) Trigger(toi flute.TOI, at time.Time) bool {
	o := s.names.objects[toi]
	if o == nil || !o.live() || o.state == deferred || o.leaving {
		return false
	}
	at = latest(at, s.clock.now)
	if o.state == waiting {
		s.schedule.waiting.remove(o)
		o.due = at
		s.schedule.delay(o, at)
	} else {
		o.trigger(latest(at, time.Unix(0, 0)))
	}
	s.alarm = time.Time{}
	return true
}
