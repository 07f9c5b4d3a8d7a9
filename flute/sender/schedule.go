package sender

import (
	"errors"
	"time"

	"github.com/flute-node/flute-node/flute/event"
)

// AppendNext appends the next packet to b. ok is false when nothing is to be sent at now: Deadline tells when to ask
// again. An error is one of the FDT Instance, which could not be built; the files it would have described wait, and it
// is tried again. An object that fails is reported as an event, not here.
//
// The packet is at most MaxPacketLen bytes long. In steady state nothing is allocated if b has room for it.
func (s *Session) AppendNext(b []byte, now time.Time) (pkt []byte, ok bool, err error) {
	if s.closed {
		return b, false, nil
	}
	t := s.clock.tick(now)
	s.busy = false
	for waits := 0; ; {
		if s.alarm.IsZero() || !t.Before(s.alarm) {
			if err := s.schedule(t); err != nil {
				return b, false, err
			}
		}
		if s.returns() {
			s.fill(t)
		}
		if s.fdtIsNext() {
			b, err = s.appendFDT(b, t)
			return b, err == nil, err
		}
		if len(s.lanes) == 0 {
			return b, false, nil
		}
		start := len(b)
		b, err = s.appendObject(b, t)
		switch {
		case err == nil:
			s.fdt.gap++
			s.fileBytes += uint64(len(b) - start)
			s.stats.count(len(b) - start)
			return b, true, nil
		case errors.Is(err, errBusy):
			if waits++; waits < len(s.lanes) || s.alarm.IsZero() {
				continue
			}
			if s.fdt.page != nil {
				b, err = s.appendFDT(b, t)
				return b, err == nil, err
			}
			s.busy = true
			return b, false, nil
		default: // The object has failed; the others go on.
			waits = 0
		}
	}
}

// appendObject appends a packet of the lane whose turn it is. An error ended its object, or is errBusy.
func (s *Session) appendObject(b []byte, t time.Time) ([]byte, error) {
	c := s.lanes[s.turn]
	o := c.object
	if c.inside && o.crashesAgain(t) {
		s.give(o, event.FailQuarantined, errCrashed.Error())
		return b, errCrashed
	}
	c.content.attended = s.attended
	b, err := c.appendPacket(b, o.last(), s.cfg.Interleave, t)
	s.collect(c, t)
	if err != nil {
		return b, s.failed(c, t, err)
	}
	c.since = time.Time{}
	if o.first.IsZero() {
		s.begun(o, t)
	}
	s.progress(c)
	s.turn++
	switch c.left {
	case 0:
		s.release(c)
		s.transferred(o, t)
	case openLead:
		s.alarm = time.Time{}
	}
	if s.turn >= len(s.lanes) {
		s.turn = 0
	}
	return b, nil
}

// failed does what follows from an error of the lane whose turn it is, and returns errBusy if that only has to wait.
func (s *Session) failed(c *carrier, t time.Time, err error) error {
	o := c.object
	var unopened *openError
	switch {
	case errors.Is(err, errBusy):
		s.wait(c, t)
		return err
	case errors.Is(err, errPanicked):
		if !o.crashesAgain(t) {
			c.repeat(t)
			s.collect(c, t)
			s.turn = (s.turn + 1) % len(s.lanes)
			return errBusy
		}
		s.give(o, event.FailQuarantined, errCrashed.Error())
	case errors.As(err, &unopened):
		s.drop(o)
		if errors.Is(err, ErrChanged) && o.sent > 0 {
			s.renew(o, t, 0)
		} else {
			s.retry(o, t, unopened.err)
		}
	case errors.Is(err, ErrSource):
		s.interrupt(c, t, err)
	default:
		s.give(o, event.FailOTI, err.Error()) // the code refused: not the content's fault
	}
	return err
}

// transferred is called after the last packet of a transfer.
func (s *Session) transferred(o *object, t time.Time) {
	o.sent++
	o.tries = 0
	s.stats.Transfers++
	if o.transfers > 0 {
		o.transfers--
	}
	switch {
	case o.transfers == 0:
		s.finish(o, t)
	case s.cfg.Delay > 0:
		o.state, o.resume = waiting, t.Add(s.cfg.Delay)
		s.waiting.push(o)
	default:
		o.state = pending
		s.queue.push(o)
	}
}

// schedule does what is due at t beside sending the packets of the lanes, and sets the alarm for the next time.
func (s *Session) schedule(t time.Time) error {
	s.tois.expire(t)
	s.advanceRenewals(t)
	for s.waiting.len() > 0 {
		o := *s.waiting.front()
		if o.state == waiting && o.resume.After(t) {
			break
		}
		s.waiting.pop()
		if o.state == waiting {
			o.state = pending
			s.queue.push(o)
		}
	}
	s.fill(t)
	expiry := s.checkExpiry(t)
	for s.fdt.page == nil {
		p, at := s.nextPage()
		if p == nil || at.After(t) {
			break
		}
		if err := s.send(p, t); err != nil {
			return err
		}
	}
	s.alarm = s.nextAlarm()
	if expiry.After(t) {
		s.alarm = earliest(s.alarm, expiry)
	}
	return nil
}

// head returns the object at the head of the queue, or nil. Those that ended in the queue are dropped.
func (s *Session) head() *object {
	for s.queue.len() > 0 {
		if o := *s.queue.front(); o.state == pending {
			return o
		}
		s.queue.pop()
	}
	return nil
}

// nextAlarm returns the earliest time at which schedule has something to do.
func (s *Session) nextAlarm() time.Time {
	never := s.clock.now.Add(365 * 24 * time.Hour) // looking once a year costs nothing
	alarm := never
	if s.fdt.page == nil {
		if p, at := s.nextPage(); p != nil {
			alarm = earliest(alarm, at)
		}
	}
	if s.waiting.len() > 0 {
		alarm = earliest(alarm, (*s.waiting.front()).resume)
	}
	if at, ok := s.renewalsAt(); ok {
		alarm = earliest(alarm, at)
	}
	if at, ok := s.parkedAt(); ok {
		alarm = earliest(alarm, at)
	}
	return alarm
}

// Deadline returns when AppendNext may next have something to send: not after the time of its last call if it has now,
// and zero if that is never, until Add is called.
func (s *Session) Deadline() time.Time {
	if s.Done() {
		return time.Time{}
	}
	if s.clock.now.IsZero() {
		return time.Unix(0, 0)
	}
	switch {
	case s.fdt.page != nil, len(s.lanes) > 0 && !s.busy:
		return s.clock.now
	case len(s.lanes)+len(s.parked) > 0:
		return latest(earliest(s.poll(), s.nextAlarm()), s.clock.now)
	}
	if o := s.head(); o != nil && s.covers(o) {
		return s.clock.now
	}
	return latest(s.nextAlarm(), s.clock.now)
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
