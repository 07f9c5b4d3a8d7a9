package sender

import (
	"errors"
	"time"

	"github.com/flute-node/flute-node/flute/event"
)

// transferred is called after the last packet of a transfer.
func (s *Session) transferred(o *object, t time.Time) {
	o.tries = 0
	next, late, again := o.carousel.end(t)
	s.stats.turned(o, late)
	switch {
	case !again:
		s.finish(o, t)
		if o.leaving {
			s.bury(o)
		}
	case next.After(t):
		s.plan.rest(o)
		s.schedule.delay(o, next)
	default:
		s.plan.rest(o)
		s.schedule.push(o)
	}
}

// failed does what follows from an error of the transfer whose turn it was, and returns errBusy if that only has to
// wait.
func (s *Session) failed(c *carrier, t time.Time, err error) error {
	o := c.object
	var unopened *openError
	switch {
	case errors.Is(err, errBusy):
	case errors.Is(err, errPanicked):
		if !o.crashesAgain(t) {
			s.schedule.repeat(c, t)
			return errBusy
		}
		s.quarantine(o)
	case errors.As(err, &unopened):
		s.schedule.drop(o, t)
		if errors.Is(err, errChanged) && o.sent > 0 {
			s.renew(o, t, 0)
		} else {
			s.retry(o, t, unopened.err)
		}
	case errors.Is(err, errSource):
		s.interrupt(c, t, err)
	default:
		s.give(o, event.FailOTI, err.Error()) // the code refused: not the content's fault
	}
	return err
}

// interrupt ends a transfer whose content changed or cannot be read. Another transfer may go well.
func (s *Session) interrupt(c *carrier, t time.Time, err error) {
	o := c.object
	if c.content.source == nil || o.last(t) { // it cannot be opened anew, or half of the only transfer is out
		s.give(o, event.FailSource, err.Error())
		return
	}
	s.schedule.drop(o, t)
	s.retry(o, t, err)
}

// quarantine ends an object over which the session has crashed repeatedly.
func (s *Session) quarantine(o *object) { s.give(o, event.FailQuarantined, errCrashed.Error()) }

// give ends a live object that was not sent as often as asked.
func (s *Session) give(o *object, reason event.FailReason, detail string) {
	if o.state == deferred {
		s.withdraw(o, reason, detail)
		return
	}
	s.schedule.drop(o, s.clock.now)
	if o.endless() && o.sent > 0 && reason != event.FailSource {
		s.finish(o, s.clock.now)
		return
	}
	s.stats.failed(o, reason, detail)
	s.end(o, gone)
}

// finish ends an object that was sent as often as asked.
func (s *Session) finish(o *object, now time.Time) {
	s.stats.completed(o, now)
	s.end(o, finished)
}

// endOverdue ends the objects whose time was over before their turn came.
func (s *Session) endOverdue(now time.Time) {
	for _, o := range s.schedule.overdue {
		if o.sent > 0 {
			s.finish(o, now)
		} else {
			s.give(o, event.FailExpired, "its time was over before its turn came")
		}
	}
	s.schedule.overdue = s.schedule.overdue[:0]
}

// end takes an object out of the session; to is finished or gone.
func (s *Session) end(o *object, to objectState) {
	o.state = to
	s.letGo(o)
	s.schedule.cache.forget(&o.kept)
	if to == gone {
		s.names.vacate(o)
	}
	s.plan.end(o)
	s.replace(o)
	if q := s.schedule.queue(o.priority); q.live == 1 {
		s.stats.emptied(o.priority)
		q.live = 0
	} else {
		q.live--
	}
	if s.plan.live.objects == 0 {
		s.schedule.idle = nil // with the buffers
	}
	s.alarm = time.Time{}
}
