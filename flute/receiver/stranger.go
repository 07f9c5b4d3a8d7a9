package receiver

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/flute-node/flute-node/flute/event"
)

// A stranger sends from another port than the sender whose FDT Instances are known, while that one goes on. It may be
// forged, or a second sender with the same TSI. Whoever was there first keeps the session: the stranger's FDT Instances
// are not received and its A flags not believed until the sender is silent.

// strangerQuiet is the least time between two Warnings of strangers, who may be many.
const strangerQuiet = time.Minute

// beside returns the line of the sender that was there before ln, on the same feed; nil if ln is that of a sender
// itself, or there is none.
func (l *Ledger) beside(ln *line) *line {
	if ln.told || ln.port == 0 {
		return nil
	}
	for i := range l.lines {
		other := &l.lines[i]
		if other == ln || other.feed != ln.feed || other.run == 0 || other.port == 0 {
			continue
		}
		if other.isKnown() {
			return other
		}
	}
	return nil
}

// goesOn reports whether a line was not silent for longer than usual, and has not said that it ends.
func (ln *line) goesOn(now time.Time) bool {
	return ln.closed.IsZero() && now.Sub(ln.last) < max(portSilence, min(seamPace*ln.pace, maxSeamSilence))
}

// isStranger reports whether what comes on ln is not believed. It tells that once both are heard for some time.
func (s *Session) isStranger(now time.Time, ln *line, what string) bool {
	first := s.l.beside(ln)
	if first == nil || !first.goesOn(now) {
		return false
	}
	if now.Sub(ln.since) >= portSilence { // else it may be a sender that was started again
		s.warnStranger(now, ln, first, what)
	}
	return true
}

// warnStranger tells of a stranger, with both addresses.
func (s *Session) warnStranger(now time.Time, ln, first *line, what string) {
	l := s.l
	if !l.strangers.IsZero() && now.Sub(l.strangers) < strangerQuiet {
		return
	}
	l.strangers = now
	s.emit(event.Warning{Text: fmt.Sprintf("session %v: %s from %v is not believed: %v was there first, and goes on",
		l.key, what, l.address(ln), l.address(first))})
}

// address returns where the packets on ln come from.
func (l *Ledger) address(ln *line) string {
	if source := l.source(ln.feed); source.IsValid() {
		return netip.AddrPortFrom(source, ln.port).String()
	}
	return fmt.Sprintf(":%d", ln.port)
}
