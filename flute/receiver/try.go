package receiver

import (
	"time"

	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
)

// A try is what comes of an object from its first symbol to its end. When a try fails for a reason that may pass,
// the object rests: the next announcement or the next packet begins another try. What was proven is kept: after a B
// flag or the end of the description's life all symbols, after wrong bytes or an error of the store nothing.

// An object that fails again and again rests longer each time, so that neither a sender's lasting fault, nor a full
// disk, nor a forged stream has us write and hash, or tell of it, for ever.
const (
	// restFirst is the first rest. It doubles with each try that fails.
	restFirst = time.Second
	// restStore bounds the rest after an error of the store or of a budget. Such a try costs a few system calls, and
	// whoever frees the disk shall not wait long.
	restStore = time.Minute
	// restContent bounds the rest after wrong bytes: a lasting fault costs no more than six tries in an hour.
	restContent = 10 * time.Minute
	// maxTries is how far tries are counted: enough for both.
	maxTries = 16
	// maxCloses is how far B flags are counted. Each doubles the grace time after the next: to some ten minutes.
	maxCloses = 6
)

// restAfter returns how long an object rests after tries that failed, the last one for reason. Wrong bytes have cost a
// whole turn, which cannot be repeated at once, and a carousel may have few: the second try does not wait. Where all
// symbols are kept, none does.
func restAfter(reason event.FailReason, tries int) time.Duration {
	switch reason {
	case event.FailExpired, event.FailClosed:
		return 0
	case event.FailDigest, event.FailEncoding:
		if tries == 1 {
			return 0
		}
		return min(restFirst<<(tries-2), restContent)
	default:
		return min(restFirst<<(tries-1), restStore)
	}
}

// closeGrace returns how long e goes on after a B flag.
func (l *Ledger) closeGrace(e *entry) time.Duration { return l.cfg.CloseGrace << e.closes }

// mayPass reports whether e may be tried again after it failed for reason.
func (l *Ledger) mayPass(e *entry, reason event.FailReason) bool {
	switch reason {
	case event.FailDigest, event.FailEncoding, event.FailStore, event.FailBudget:
	default:
		return false
	}
	return !e.gone && l.ending == "" && (l.isCurrent(e) || !e.outdated.IsZero())
}

// isCurrent reports whether no newer object has the Content-Location of e.
func (l *Ledger) isCurrent(e *entry) bool {
	if e.file == nil {
		return true
	}
	toi, ok := l.locations[e.file.ContentLocation]
	return !ok || toi == e.toi
}

// rest ends the try of e, and returns the event that says so: nil for an object that was not announced yet, whose
// failure is told when it is. What e holds is kept for the next try.
func (l *Ledger) rest(now time.Time, e *entry, reason event.FailReason, detail string) event.Event {
	switch reason {
	case event.FailClosed:
		e.closes = min(e.closes+1, maxCloses)
	case event.FailExpired:
	default:
		e.tries = min(e.tries+1, maxTries)
	}
	e.phase, e.started, e.closeAt = resting, false, noTime
	e.resume = now.Add(restAfter(reason, int(e.tries)))
	e.reason, e.detail = reason, detail
	if e.held != nil {
		l.kept[e] = struct{}{}
	} else {
		l.retire(e)
	}
	if e.file != nil && isEmpty(e.file) { // no packet will come that could begin the next
		l.reread(e.instance, e.resume)
	}
	var st event.ObjectState
	e.lacks(&st, failedRanges)
	return l.failure(e, st, true)
}

// failure returns the event for the end of e, which lacked what st says; nil if it was not announced yet, or is
// complete for everybody else.
func (l *Ledger) failure(e *entry, st event.ObjectState, retry bool) event.Event {
	if e.file == nil || e.isQuiet() {
		return nil
	}
	return event.ObjectFailed{
		Session: l.key, TOI: e.toi, ContentLocation: e.location(), Reason: e.reason, Detail: e.detail, Retry: retry,
		Received: e.repeated, Alternates: l.alternates(e),
		Lacking: st.Lacking, Needed: st.Needed, Missing: st.Missing, MissingBlocks: st.MissingBlocks,
	}
}

// rest ends the try of e for a reason that leaves its symbols good.
func (s *Session) rest(now time.Time, e *entry, reason event.FailReason, detail string) {
	l := s.l
	if e.held != nil { // what is kept shall hold little memory
		e.held.Flush()
		l.run(l.write(e))
	}
	l.takeEvents(e)
	s.emit(l.rest(now, e, reason, detail))
	if e.held == nil {
		l.effects.Ended = append(l.effects.Ended, e.toi)
	}
}

// shed gives up what resting objects hold: something that is being received needs the memory, or the place in the
// store. It reports whether there was anything.
func (l *Ledger) shed() (any bool) {
	any = len(l.kept) > 0
	for e := range l.kept {
		l.drop(e, true)
		l.retire(e)
		l.effects.Ended = append(l.effects.Ended, e.toi)
	}
	return any
}

// mayBegin returns why an object that rests cannot be tried now; nil if it can.
func (e *entry) mayBegin(now time.Time) error {
	switch {
	case e.file != nil && due(e.expires, now):
		// RFC 6726, section 3.3: "The receiver MUST NOT use a received FDT Instance to interpret packets received
		// beyond the expiration time of the FDT Instance."
		return errExpired
	case now.Before(e.resume):
		return errFinished
	}
	return nil
}

// hold keeps a packet of an object whose description has expired: the next one may be under way, and interpret it.
// Objects that were never described need the memory more, so they have half of it to themselves.
func (s *Session) hold(now time.Time, e *entry, p *alc.Packet) error {
	l := s.l
	if l.undescribed.budget.Used() >= l.undescribed.budget.Limit()/2 {
		return errExpired
	}
	first := e.first
	o := Object{l: l, e: e}
	err := o.keep(now, p)
	if e.held != nil {
		e.first = first
	}
	if err == nil {
		e.touched = now
		l.schedule(now.Add(l.undescribedTimeout()))
	}
	return err
}

// forgetHeld forgets the packets that were held of an object that has been silent, and not described, for too long.
func (s *Session) forgetHeld(now time.Time, e *entry) {
	l := s.l
	switch at := e.touched.Add(l.undescribedTimeout()); {
	case e.pending.bytes == 0:
	case !due(at, now):
		l.schedule(at)
	default:
		l.forgetPending(e)
		if e.isIdle() {
			l.retire(e)
		}
	}
}

// again begins the next try of an object that rests.
func (o *Object) again(now time.Time) error {
	e := o.e
	if o.over { // the next try has an Object of its own
		return errFinished
	}
	if err := e.mayBegin(now); err != nil {
		return err
	}
	o.begins()
	return nil
}

// begins begins the next try.
func (o *Object) begins() {
	e := o.e
	delete(o.l.kept, e)
	if e.held != nil {
		e.phase = receiving
	} else {
		e.phase, e.first, e.mixed = announced, noTime, false
	}
	if e.held == nil || !e.held.tagging && !e.held.InDoubt() { // see advance
		o.announce()
	}
}
