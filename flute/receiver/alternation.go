package receiver

import (
	"fmt"
	"time"

	"github.com/flute-node/flute-node/flute/event"
)

const (
	// leastReturns is how often packets come again from a UDP source port, after some from another, until that is told:
	// a sender that was started again does not go back, but for packets that were overtaken.
	leastReturns = 8
	// leastAlternation is how long that goes on at least: above what packets are overtaken by.
	leastAlternation = 2 * time.Second
)

// alternation tells two senders that use one TSI on one machine: to a receiver they are one session, and what they send
// is confused. They take turns, where a sender that was started again follows the one before.
type alternation struct {
	port   uint16 // of the latest packet
	before uint16 // the port that was heard before that one; 0: none
	back   int    // how often a port came back, of these two
	since  time.Time
	told   bool
}

// hear takes note of a packet and reports whether there is something to tell, once.
func (a *alternation) hear(now time.Time, port uint16) bool {
	if port == a.port || port == 0 || a.told {
		return false
	}
	switch {
	case port != a.before:
		a.back = 0
	case a.back == 0:
		a.since, a.back = now, 1
	default:
		a.back++
	}
	a.before, a.port = a.port, port
	a.told = a.back >= leastReturns && now.Sub(a.since) >= leastAlternation
	return a.told
}

// hearPort warns of two senders that use the session.
func (s *Session) hearPort(now time.Time, origin Origin) {
	l, port := s.l, origin.Port
	if int(origin.Feed) >= len(l.alternations) {
		return
	}
	if a := &l.alternations[origin.Feed]; a.hear(now, port) {
		s.emit(event.Warning{Text: fmt.Sprintf("session %v: packets come in turn from the UDP source ports %d and %d "+
			"of %v: two senders use TSI %d, and files are lost; give one of them another TSI",
			l.key, min(a.before, port), max(a.before, port), l.source(origin.Feed), l.key.TSI)})
	}
}
