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
)

// end begins to close the session: nothing but close-session flags is sent from now on.
func (s *session) end(ctx actor.Context, reason string, cause error) {
	if s.ledger.farewells == 0 {
		s.bidNext(ctx, reason, cause)
	}
}

func (s *session) bidNext(ctx actor.Context, reason string, cause error) {
	s.publishAll(ctx, s.ledger.bid(reason, cause))
	s.work(ctx)
	now := time.Now()
	s.ledger.farewell = nextFarewell(s.ledger.farewell, now)
	s.timer.Reset(s.ledger.farewell.Sub(now))
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
	switch rest := time.Until(s.ledger.farewell); {
	case rest > 0: // a pump from before the end
		s.timer.Reset(rest)
	case s.ledger.farewells < s.ledger.cfg.closePackets():
		s.bidNext(ctx, s.ledger.reason, s.ledger.cause)
	default:
		s.publishAll(ctx, s.ledger.close(s.ledger.reason, s.ledger.cause))
		s.ledger.cfg.Outcome.End(s.ledger.cause)
		ctx.Stop(ctx.Self())
	}
}
