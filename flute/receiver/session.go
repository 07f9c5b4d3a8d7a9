package receiver

import (
	"maps"
	"slices"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
)

// Session works on one receiving transport session: it takes FDT Instances, decides which object a packet belongs to,
// and keeps the deadlines. What it knows lies in the Ledger, so a Session may be thrown away and made again.
type Session struct {
	l       *Ledger
	effects SessionEffects
}

// SessionEffects is what a Session wants done, drained by Effects.
type SessionEffects struct {
	Events    []event.Event
	Detached  []flute.TOI // objects that finish while their TOI names another: keep their Object apart; do this first
	Described []flute.TOI // objects in reception that a description has come for: call Object.Describe
	Ended     []flute.TOI // objects that the session ended: drop their Object
}

// NewSession returns the worker for the session that l remembers. Objects that were detached end here: the Object that
// would have heard of their publication is gone, and nobody else can find them.
func NewSession(l *Ledger) *Session {
	s := &Session{l: l}
	s.QuarantineDetached("its session crashed while it was being published")
	return s
}

// Ledger returns the session's memory.
func (s *Session) Ledger() *Ledger { return s.l }

// Ended reports whether the session is over; nothing follows.
func (s *Session) Ended() bool { return s.l.ended }

// Effects drains what is to be done since the last call.
func (s *Session) Effects() SessionEffects {
	f := s.effects
	s.effects = SessionEffects{}
	return f
}

// Route examines one datagram. It reports true when the packet is for the Object of p.TOI, to whom it must be handed
// at once or with the bytes of datagram kept unchanged until then. Everything else is dealt with and counted.
func (s *Session) Route(now time.Time, datagram []byte) (p alc.Packet, object bool) {
	p, err := alc.Parse(datagram)
	if err == nil {
		object, err = s.route(now, &p)
	}
	switch {
	case object:
	case err == nil:
		s.l.counters.Accept()
	case err == errDuplicate:
		s.l.counters.Repeat()
	default:
		s.l.counters.Drop(flute.Reason(err), 1)
	}
	return p, object
}

func (s *Session) route(now time.Time, p *alc.Packet) (object bool, err error) {
	l := s.l
	if l.ended {
		return false, errClosed
	}
	if p.TSI != l.key.TSI {
		return false, errForeignTSI
	}
	if !l.opened {
		l.opened = true
		s.emit(event.SessionOpened{Session: l.key})
	}
	silence := now.Sub(l.last)
	l.last = now
	if p.CloseSession {
		// RFC 5651, section 5.1: "the sender will immediately stop sending packets for the session". A hint that anybody
		// can forge, so the session stays for a grace time, and for as long as packets without the flag come.
		if l.closing.IsZero() {
			l.closing = now.Add(l.cfg.CloseGrace)
		}
	}
	switch {
	case !p.HasTOI || (p.TOI.IsFDT() && len(p.Body) == 0):
		return false, nil // data-less: the flags were all it had to say
	case p.TOI.IsFDT():
		err := s.fdtPacket(now, p, silence)
		s.reprieve(p, err)
		return false, err
	}
	e := l.entries[p.TOI]
	if e == nil {
		if e, err = l.entry(p.TOI); err != nil {
			return false, err
		}
	}
	switch e.phase {
	case completed:
		return false, errDuplicate
	case failed:
		return false, errFinished
	}
	if e.file == nil && l.budget.Used() > l.cfg.UnnamedBytes && e.rec == nil {
		return false, errUnknownObject
	}
	s.reprieve(p, nil)
	return true, nil
}

// reprieve takes the close-session flag back when the sender goes on without it.
func (s *Session) reprieve(p *alc.Packet, err error) {
	if err == nil && !p.CloseSession {
		s.l.closing = time.Time{}
	}
}

// Deadline returns when Advance must be called at the latest; the zero time when there is nothing to wait for.
func (s *Session) Deadline() time.Time {
	l := s.l
	if l.ended {
		return time.Time{}
	}
	d := l.last.Add(l.cfg.SessionTimeout)
	if !l.closing.IsZero() && l.closing.Before(d) {
		d = l.closing
	}
	if !l.wake.IsZero() && l.wake.Before(d) {
		d = l.wake
	}
	return d
}

// Advance does what time alone brings: objects whose description or sender's patience ended fail, a session that was
// closed or fell silent ends.
func (s *Session) Advance(now time.Time) {
	l := s.l
	if l.ended {
		return
	}
	switch {
	case !l.closing.IsZero() && !now.Before(l.closing):
		s.end("close-session flag")
	case !now.Before(l.last.Add(l.cfg.SessionTimeout)):
		s.end("silent")
	case !l.wake.IsZero() && !now.Before(l.wake):
		s.sweep(now)
	}
}

// sweep ends what is due among objects and FDT Instances, and finds the next moment to look again.
func (s *Session) sweep(now time.Time) {
	l := s.l
	l.wake = time.Time{}
	for id, in := range l.instances {
		if due(in.forget, now) {
			l.forgetInstance(id, in)
		} else {
			l.schedule(in.forget)
		}
	}
	for _, e := range l.entries {
		if e.ended() || e.phase == finishing {
			continue
		}
		switch {
		case due(e.expires, now):
			s.fail(e, event.FailExpired, "its FDT Instance has expired")
		case due(e.closeAt, now):
			s.fail(e, event.FailClosed, "close-object flag, and symbols are missing")
		default:
			l.schedule(e.expires)
			l.schedule(e.closeAt)
		}
	}
}

func due(t, now time.Time) bool { return !t.IsZero() && !now.Before(t) }

// Close ends the session on request, with the given reason. Objects that are being published finish first: call it
// again after their Done, until Ended.
func (s *Session) Close(reason string) {
	if !s.l.ended {
		s.end(reason)
	}
}

// Abort ends the session at once, with objects that are being published: for a session whose actor is given up.
func (s *Session) Abort(reason string) {
	for _, e := range slices.Concat(slices.Collect(maps.Values(s.l.entries)), s.l.leaving) {
		if e.phase == finishing {
			s.fail(e, event.FailQuarantined, reason)
		}
	}
	s.Close(reason)
}

// end fails every unfinished object and closes the session, unless objects are still being published.
func (s *Session) end(reason string) {
	l := s.l
	busy := false
	for _, e := range l.entries {
		switch {
		case e.phase == finishing:
			busy = true
		case !e.ended() && e.file != nil:
			s.fail(e, event.FailClosed, reason)
		case !e.ended():
			e.phase = failed // never announced, so nobody waits for its end
			l.drop(e, true)
			s.effects.Ended = append(s.effects.Ended, e.toi)
		}
	}
	l.leaving = slices.DeleteFunc(l.leaving, (*entry).ended)
	if busy || len(l.leaving) > 0 {
		l.closing = l.last // looked at again by the Advance that follows each Done
		return
	}
	for id, in := range l.instances {
		l.forgetInstance(id, in)
	}
	l.ended = true
	if l.opened {
		s.emit(event.SessionClosed{Session: l.key, Reason: reason, Counters: l.counters})
	}
}

// Quarantine ends an object whose handling crashed too often.
func (s *Session) Quarantine(toi flute.TOI, detail string) {
	if e := s.l.entries[toi]; e != nil && !e.ended() {
		s.fail(e, event.FailQuarantined, detail)
	}
}

// QuarantineDetached ends the objects that were detached, one of which crashed too often.
func (s *Session) QuarantineDetached(detail string) {
	for _, e := range s.l.leaving {
		if !e.ended() {
			s.emit(s.l.fail(e, event.FailQuarantined, detail))
		}
	}
	s.l.leaving = nil
}

// Complete reports whether an FDT Instance said that no file will follow, and every object has its final state (RFC
// 6726, section 3.4.2).
func (s *Session) Complete() bool {
	if !s.l.complete {
		return false
	}
	for _, e := range s.l.entries {
		if e.file != nil && !e.ended() {
			return false
		}
	}
	return true
}

func (s *Session) fail(e *entry, reason event.FailReason, detail string) {
	s.emit(s.l.fail(e, reason, detail))
	s.effects.Ended = append(s.effects.Ended, e.toi)
}

func (s *Session) emit(e event.Event) { s.effects.Events = append(s.effects.Events, e) }
