package sender

import "time"

// AppendNext appends the next packet to b. ok is false when nothing is to be sent at now: Deadline tells when to ask
// again. An error is one of the FDT Instance, which could not be built; the files it would have described wait, and it
// is tried again. An object that fails is reported as an event, not here.
//
// The packet is at most MaxPacketLen bytes long. In steady state nothing is allocated if b has room for it.
func (s *Session) AppendNext(b []byte, now time.Time) (pkt []byte, ok bool, err error) {
	if s.closed || s.paused {
		return b, false, nil
	}
	t := s.clock.tick(now)
	files := &s.schedule
	files.begin()
	for {
		if files.isDue(t) && !s.isDue(t) {
			s.refill(t)
		}
		if s.isDue(t) {
			if err := s.advance(t); err != nil {
				return b, false, err
			}
		}
		files.refill(t)
		q := files.next()
		if s.plan.sending.page != nil && s.plan.isNext(q != nil, files.wanted(t)) {
			return s.appendFDT(b, t)
		}
		switch {
		case q != nil:
		case len(files.overdue) > 0:
			continue
		default:
			return b, false, nil
		}
		if b, err = s.appendObject(b, q, t); err == nil {
			return b, true, nil
		} // It waits for a Work, or has failed; the others go on.
	}
}

// appendFDT appends a packet of the FDT Instance that is being sent.
func (s *Session) appendFDT(b []byte, t time.Time) (pkt []byte, ok bool, err error) {
	b, err = s.plan.append(b, t)
	if s.plan.sending.page == nil {
		s.alarm = time.Time{}
	}
	return b, err == nil, err
}

// appendObject appends a packet of a file of q. An error ended its transfer, or is errBusy.
func (s *Session) appendObject(b []byte, q *queue, t time.Time) ([]byte, error) {
	c := q.active[q.turn]
	if c.inside && c.object.crashesAgain(t) {
		s.quarantine(c.object)
		return b, errCrashed
	}
	if c.object.late.isComputed() {
		s.describeLater(c.object)
	}
	start := len(b)
	b, c, err := s.schedule.append(b, q, t)
	if err != nil {
		return b, s.failed(c, t, err)
	}
	s.plan.filePacket(len(b) - start)
	o := c.object
	if o.first.IsZero() {
		o.first = t
		s.stats.started(o)
	}
	if c.began.IsZero() {
		c.began = t
		s.stats.transferStarted(o)
	}
	s.stats.progress(c, t)
	if c.left == 0 {
		s.stats.transferDone(c, t)
		s.stats.missed(o, c.target.late(t))
		s.schedule.release(c, t)
		s.transferred(o, t)
	}
	return b, nil
}

// isDue reports whether advance is to be called.
func (s *Session) isDue(t time.Time) bool { return s.alarm.IsZero() || !t.Before(s.alarm) }

// refill gives the free places in transfer to files: all that is to be done after most transfers and delays. If more is
// to be done, it has the alarm ring.
func (s *Session) refill(t time.Time) {
	s.schedule.advance(t)
	s.endOverdue(t)
	undescribed, lapse := s.schedule.lapses(t)
	if s.isDue(t) || undescribed || s.plan.sending.urgent || s.schedule.wanted(t) != nil {
		s.alarm = time.Time{}
		return
	}
	if lapse.After(t) {
		s.alarm = earliest(s.alarm, lapse)
	}
}

// advance does what is due at t beside sending packets, and sets the alarm for the next time.
func (s *Session) advance(t time.Time) error {
	s.names.expire(t)
	s.advanceRenewals(t)
	s.schedule.advance(t)
	s.endOverdue(t)
	undescribed, lapse := s.schedule.lapses(t)
	expiry := s.plan.expire(t, undescribed)
	s.listNext(t)
	if err := s.plan.advance(s.schedule.wanted(t), t); err != nil {
		return err
	}
	s.alarm = s.rest()
	for _, at := range [...]time.Time{expiry, lapse} {
		if at.After(t) {
			s.alarm = earliest(s.alarm, at)
		}
	}
	return nil
}

// rest returns the earliest time at which advance has something to do, as things are, that is not the schedule's.
func (s *Session) rest() time.Time {
	now := s.clock.now
	alarm := now.Add(365 * 24 * time.Hour) // looking once a year costs nothing
	if s.plan.sending.page == nil {
		if p, at := s.plan.next(s.schedule.wanted(now), now); p != nil {
			alarm = earliest(alarm, at)
		}
	}
	if at, ok := s.renewals.at(now); ok {
		alarm = earliest(alarm, at)
	}
	return alarm
}

// next is rest with what is the schedule's.
func (s *Session) next() time.Time {
	if at, ok := s.schedule.at(s.clock.now); ok {
		return earliest(s.rest(), at)
	}
	return s.rest()
}

// Deadline returns when AppendNext may next have something to send: not after the time of its last call if it has now,
// and zero if that is never, until Add or PauseSession is called. When all that is due waits for Works, that is soon;
// AppendNext may be called earlier, once one of them has run.
func (s *Session) Deadline() time.Time {
	now := s.clock.now
	files := &s.schedule
	active, parked := files.inTransfer()
	switch {
	case s.Done(), s.paused:
		return time.Time{}
	case now.IsZero():
		return time.Unix(0, 0)
	case s.plan.sending.page != nil, files.next() != nil:
		return now
	case active+parked > 0:
		return latest(earliest(files.poll(now), s.next()), now)
	case files.ready(now):
		return now
	}
	return latest(s.next(), now)
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
