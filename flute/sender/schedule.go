package sender

import (
	"errors"
	"slices"
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
			if waits++; waits < len(s.lanes) {
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

// appendObject appends a packet of the lane whose turn it is. An error ended its object.
func (s *Session) appendObject(b []byte, t time.Time) ([]byte, error) {
	c := s.lanes[s.turn]
	o := c.object
	if c.inside && o.crashesAgain(t) {
		s.give(o, event.FailQuarantined, errCrashed.Error())
		return b, errCrashed
	}
	start := len(b)
	b, err := c.appendPacket(b, o.last(), s.cfg.Interleave)
	s.collect(c)
	if errors.Is(err, errBusy) {
		s.turn = (s.turn + 1) % len(s.lanes)
		return b, err
	}
	if err != nil {
		if errors.Is(err, ErrSource) {
			s.interrupt(c, t, err)
		} else {
			s.give(o, event.FailOTI, err.Error()) // the code refused: not the content's fault
		}
		return b, err
	}
	if !s.verify(c, t) {
		return b[:start], ErrChanged
	}
	if o.first.IsZero() {
		s.begun(o, t)
	}
	s.progress(c)
	s.turn++
	if c.left == 0 {
		s.release(s.turn - 1)
		s.transferred(o, t)
	}
	if s.turn >= len(s.lanes) {
		s.turn = 0
	}
	return b, nil
}

// collect offers the Works that the lane has begun.
func (s *Session) collect(c *carrier) {
	if len(c.works) == 0 {
		return
	}
	s.works = append(s.works, c.works...)
	c.works = c.works[:0]
	if n := len(s.works); n > maxWorks { // the session will have to do the oldest soonest
		s.works = append(s.works[:0], s.works[n-maxWorks:]...)
	}
}

// release takes lane i out of use. The order of the others stays.
func (s *Session) release(i int) {
	c := s.lanes[i]
	c.stop()
	if c.opened != nil {
		_ = c.opened.Close()
	}
	c.object, c.opened = nil, nil
	s.lanes = slices.Delete(s.lanes, i, i+1)
	s.idle = append(s.idle, c)
	if s.turn > i {
		s.turn--
	}
	if s.turn >= len(s.lanes) {
		s.turn = 0
	}
	s.alarm = time.Time{}
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
	s.fill()
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

// fill gives the free lanes to the objects at the head of the queue, as far as they are described.
func (s *Session) fill() {
	for len(s.lanes) < s.cfg.Parallel {
		o := s.head()
		if o == nil || !s.covers(o) {
			return
		}
		opened, ok := s.open(o, s.clock.now)
		if !ok {
			continue // head leaves it out
		}
		s.queue.pop()
		c := &carrier{}
		if n := len(s.idle); n > 0 {
			c, s.idle = s.idle[n-1], s.idle[:n-1]
		}
		c.object, c.opened, c.verified = o, opened, s.clock.now
		source := o.source
		if opened != nil {
			source = opened
		}
		c.start(&o.coding, o.header, source, uint64(o.sent), s.cfg.Interleave, s.cfg.ReadAhead)
		o.state, c.report = active, max(o.transferLength/100, 1)
		// It is last in turn, so that small files, which end with their first packet, do not keep a large one waiting
		// for ever.
		s.lanes = slices.Insert(s.lanes, s.turn, c)
		s.turn = (s.turn + 1) % len(s.lanes)
	}
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
	case s.fdt.page != nil:
		return s.clock.now
	case s.busy && len(s.lanes) > 0:
		return s.clock.now.Add(busyPoll)
	case len(s.lanes) > 0:
		return s.clock.now
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
