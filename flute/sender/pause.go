package sender

import (
	"slices"
	"time"

	"github.com/flute-node/flute-node/flute"
)

// maxHeld bounds the transfers of one priority that are held while their objects are paused: each holds what was read
// ahead, and a descriptor.
const maxHeld = 64

// PauseObject has the object with this TOI wait until it is called with paused false, and reports whether there is such
// an object with packets to come. It stays described. Its transfer goes on where it was; if 64 transfers of its
// priority are held already, it begins anew.
func (s *Session) PauseObject(toi flute.TOI, paused bool) bool {
	o := s.names.objects[toi]
	if o == nil || !o.live() {
		return false
	}
	if o.paused != paused {
		o.paused = paused
		if paused {
			s.schedule.hold(o, s.clock.now)
		} else {
			s.schedule.resume(o, s.clock.now)
		}
		s.alarm = time.Time{}
	}
	return true
}

// PauseQueue has the files of a priority wait until it is called with paused false, where they are. Others go on.
func (s *Session) PauseQueue(priority int8, paused bool) {
	s.schedule.queue(priority).paused = paused
	s.schedule.changed = true
}

// PauseSession has the session send nothing, FDT Instances included, until it is called with paused false or the
// session is closed. Receivers know of no pause: those that wait for less time give up.
func (s *Session) PauseSession(paused bool) {
	s.paused = paused
	s.alarm = time.Time{}
}

// hold takes o, which is paused, out of transfer.
func (s *schedule) hold(o *object, now time.Time) {
	if o.state != active {
		return // it is not pushed, or not found at the head
	}
	q := s.queue(o.priority)
	c := q.find(o)
	if len(q.held) >= maxHeld {
		s.release(c, now)
		o.state = pending
		return
	}
	q.remove(c)
	q.held = append(q.held, c)
	s.changed = true
}

// resume has o, which is no longer paused, go on.
func (s *schedule) resume(o *object, now time.Time) {
	q := s.queue(o.priority)
	switch i := slices.IndexFunc(q.held, func(c *carrier) bool { return c.object == o }); {
	case i >= 0:
		c := q.held[i]
		q.held = slices.Delete(q.held, i, i+1)
		c.since = now
		q.parked = append(q.parked, c)
	case o.state == pending && !o.queued:
		q.push(o, false)
	}
	s.changed = true
}
