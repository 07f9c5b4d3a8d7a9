package sending

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

const (
	// The close-session flag is sent so often, unless Config.CloseRepeat says it, so far apart: one packet, or a short
	// burst, may be lost. RFC 5651, section 5.1, has it in "the last few seconds" of a session; the last one is due
	// after 600 to 610 ms, for which Wait waits.
	closePackets  = 5
	closeInterval = 150 * time.Millisecond
	// closeTick divides the times at which flags are repeated: sessions that end at about the same time share what a
	// wake-up costs, at either end.
	closeTick = 10 * time.Millisecond
	// mostFarewell is how long after its end a session repeats the flag, where the rate of the node has it wait for
	// many others that end, unless Config.CloseRepeat says how long.
	mostFarewell = 3 * time.Second
)

// end begins to close the session: nothing but close-session flags is sent from now on.
func (s *session) end(ctx actor.Context, reason string, cause error) {
	if s.ledger.isParting() {
		return
	}
	s.due = time.Time{} // the timer is for flags from now on, which are not late
	s.publishAll(ctx, s.ledger.part(reason, cause))
	s.work(ctx)
	s.bidNext()
}

// bidNext sends the close-session flag, as soon as the rate of the node permits it.
func (s *session) bidNext() {
	l, now := s.ledger, time.Now()
	first := l.permitted.IsZero()
	if missed := !first && now.Sub(l.permitted) > closeTick; first || missed && !l.missed {
		// After a pause of the process all that was permitted meanwhile would leave at once.
		l.permitted, l.missed = l.pace.last(now, l.cfg.Key.TSI), missed
	}
	if wait := l.permitted.Sub(now); wait > 0 {
		s.timer.Reset(wait)
		return
	}
	l.permitted, l.missed = time.Time{}, false
	l.bid()
	l.farewell = nextFarewell(l.farewell, now)
	s.timer.Reset(l.farewell.Sub(now))
}

// nextFarewell returns when the flag is due after the one of now, which was due at this time: a multiple of closeTick.
func nextFarewell(due, now time.Time) time.Time {
	if next := due.Add(closeInterval); next.Sub(now) > closeInterval-closeTick {
		return next
	}
	next := now.Add(closeInterval) // the first, or one that is late
	return next.Add((closeTick - time.Duration(next.UnixNano())%closeTick) % closeTick)
}

// sayFarewell repeats the close-session flag. After the last one it closes the session and asks to be stopped.
func (s *session) sayFarewell(ctx actor.Context) {
	l := s.ledger
	switch rest := time.Until(l.farewell); {
	case rest > 0: // a pump from before the end
		s.timer.Reset(rest)
	case l.farewells == 0, l.farewells < l.cfg.closePackets() && !l.hasWaited():
		s.bidNext()
	default:
		s.publishAll(ctx, l.close(l.reason, l.cause, l.bid))
		l.cfg.Outcome.End(l.cause)
		ctx.Stop(ctx.Self())
	}
}

// hasWaited reports whether flags had to wait for so long that some are left out.
func (l *Ledger) hasWaited() bool {
	return l.cfg.CloseRepeat == 0 && time.Since(l.parting) > mostFarewell
}
