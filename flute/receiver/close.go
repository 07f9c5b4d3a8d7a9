package receiver

import (
	"time"

	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/internal/assembly"
)

// Deadline returns when Advance must be called at the latest; the zero time when there is nothing to wait for.
func (s *Session) Deadline() time.Time {
	l := s.l
	if l.ended || l.ending != "" || l.last.IsZero() {
		return noTime // over, or waiting for a Work, or nothing came yet
	}
	d := l.silentAt()
	if short := l.now.Add(shortInterval); l.short > 0 && short.Before(d) {
		d = short
	}
	for _, t := range [...]time.Time{l.closing, l.nextSweep(), l.completion.deadline(l.last), l.silent()} {
		if !t.IsZero() && t.Before(d) {
			d = t
		}
	}
	return d
}

// Advance does what time alone brings: objects whose description or sender's patience ended fail, a session that was
// closed or fell silent ends. Call it also after each Done, for a session that was closed.
func (s *Session) Advance(now time.Time) {
	l := s.l
	l.now = now
	if !l.ended && l.ending == "" {
		s.tellComplete(now)
		s.tellShortage(now)
		s.tellSilence(now)
	}
	switch {
	case l.ended || l.last.IsZero():
	case l.ending != "":
		s.end(l.ending)
	case due(l.closing, now) && l.open.After(l.closing.Add(-l.cfg.CloseGrace/2)):
		l.closing = noTime // the sender goes on without the flag: it was forged
	case due(l.closing, now) && l.rival.isHeard():
		s.adopt(now) // what the flag has ended is not what came after it
	case due(l.closing, now) && l.decoding():
		l.closing = now.Add(assembly.RetryAfter)
	case due(l.closing, now) && l.isRepairing(now):
		l.closing = l.put.Add(repairGrace)
	case due(l.closing, now) && s.endPatience():
		l.closing = now.Add(assembly.RetryAfter)
	case due(l.closing, now):
		s.end("close-session flag")
	case due(l.silentAt(), now):
		s.end("silent")
	case due(l.nextSweep(), now):
		s.sweep(now)
	}
}

// sweep ends what is due among objects and FDT Instances, and finds the next moment to look again.
func (s *Session) sweep(now time.Time) {
	l := s.l
	l.wake, l.swept = noTime, now
	var whole []*instance
	for id, in := range l.instances {
		switch {
		case due(in.forget, now):
			l.forgetInstance(id, in)
		case in.isWhole():
			whole = append(whole, in)
		default:
			l.schedule(in.forget)
		}
	}
	s.readWaiting(now, whole)
	l.forgetUndescribed(now)
	s.sweepApart(now)
	s.sweepOutdated(now)
	s.sweepRival(now)
	for _, e := range l.entries {
		switch {
		case e.phase == finishing:
		case l.isTooOld(now, e):
			s.giveUpOld(e)
			s.sweepEnded(now, e)
		case l.isSilent(now, e):
			s.giveUpSilent(now, e)
			s.sweepEnded(now, e)
		case e.phase == resting:
			s.forgetHeld(now, e)
			s.sweepEnded(now, e)
		case e.ended():
			s.sweepEnded(now, e)
		case e.held != nil && e.held.wants() && (e.held.IsWhole() || !due(e.expires, now)):
			l.effects.Described = append(l.effects.Described, e.toi) // try again
			l.schedule(now.Add(assembly.RetryAfter))
		case e.isClaimed() && e.held != nil && e.held.isDone():
			s.sweepClaimed(now, e)
		case l.isUnnoted(now, e):
			l.effects.Described = append(l.effects.Described, e.toi)
			l.schedule(now.Add(checkpointInterval)) // for what else is to be looked at
		case e.file == nil || e.held != nil && e.held.isDone() && !(e.mixed && due(e.expires, now)):
			// It waits for its description, or to be published. What came in time does not expire.
		case e.held != nil && e.held.IsDecoding() && (due(e.expires, now) || due(e.closeAt, now)):
			l.schedule(now.Add(assembly.RetryAfter)) // perhaps nothing is missing
		case e.isRepaired(now) && (due(e.expires, now) || due(e.closeAt, now)):
			l.schedule(e.put.Add(repairGrace))
		case due(e.expires, now):
			s.rest(now, e, event.FailExpired, e.because("its FDT Instance has expired"))
			s.sweepEnded(now, e)
		case due(e.closeAt, now) && e.open.After(e.closeAt.Add(-l.closeGrace(e)/2)):
			e.closeAt = noTime // the sender goes on without the flag
			l.schedule(e.expires)
		case due(e.closeAt, now):
			s.rest(now, e, event.FailClosed, e.because("close-object flag"))
			s.sweepEnded(now, e)
		default:
			l.schedule(e.expires)
			l.schedule(e.closeAt)
		}
	}
}

// decoding reports whether source blocks are being decoded, or wait for a permit, or an FDT Instance is being read, or
// whether of two versions it is not decided which one is newer: nobody knows yet what is complete.
func (l *Ledger) decoding() bool {
	if l.readings.out != nil {
		return true
	}
	for _, e := range l.entries {
		if e.held != nil && (e.held.IsDecoding() || e.held.IsUnpermitted() || e.isUndecided()) {
			return true
		}
	}
	return false
}

// sweepEnded forgets an object that has ended or rests, some time after its description has expired: the sender may
// renew that late, after a pause, and the file shall not be received again then.
func (s *Session) sweepEnded(now time.Time, e *entry) {
	if e.file == nil {
		return // goes with forgetUndescribed
	}
	if at := e.expires.Add(s.l.remembrance()); due(at, now) {
		if !e.isIdle() {
			s.l.drop(e, true)
			s.l.effects.Ended = append(s.l.effects.Ended, e.toi)
		}
		s.l.remove(e)
	} else {
		s.l.schedule(at)
	}
}

// Close ends the session on request, with the given reason. Objects that are being published finish first, and what has
// come of others is noted: the session is over after the Advance that follows their last Done. Packets are not
// taken any more.
func (s *Session) Close(reason string) {
	if !s.l.ended {
		s.l.parting = true
		s.end(reason)
	}
}

// Abort ends the session at once, with objects that are being published: for a session whose actor is given up, or
// that was closed and does not end in time.
func (s *Session) Abort(reason string) {
	if s.l.ended {
		return
	}
	why := event.FailQuarantined
	if s.l.parting {
		why = event.FailClosed
	}
	for _, e := range s.l.entries {
		if e.phase == finishing {
			s.fail(e, why, reason)
		}
	}
	s.endDetached(why, reason)
	s.l.aborting = true
	s.end(reason)
}

// because returns why with what the object lacks.
func (e *entry) because(why string) string {
	if e.held == nil {
		return why
	}
	if lacks := e.held.Missing(); lacks != "" {
		return why + ": " + lacks
	}
	return why
}
