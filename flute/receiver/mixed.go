package receiver

import "slices"

// An object is mixed if packets of two runs were taken for it, and nothing has told that both are one. If it has a
// digest, that tells at the end; else it is not published before something does.

// trust takes the packets of e that come on ln for those of the object, before anything has confirmed it. If it has no
// digest it waits for that before it is published.
func (s *Session) trust(ln *line, e *entry) {
	s.l.apart[e.toi].rename(ln.isDoubt, ln.run)
	s.l.give(e, ln.run)
	s.l.noteMixed(e)
	s.rejoin(e)
}

// noteMixed notes that e is mixed. Objects that are not any more leave the list before it grows.
func (l *Ledger) noteMixed(e *entry) {
	if e.mixed = true; e.listed {
		return
	}
	if len(l.mixed) == cap(l.mixed) {
		l.leaveMixed(func(*entry) bool { return false })
	}
	e.listed = true
	l.mixed = append(l.mixed, e)
}

// leaveMixed takes objects out of the list of mixed ones that are not any more, and those that settle has settled.
func (l *Ledger) leaveMixed(settle func(*entry) bool) {
	l.mixed = slices.DeleteFunc(l.mixed, func(e *entry) bool {
		e.listed = !e.gone && e.mixed && !e.ended() && !hasDigest(e.file) && !settle(e)
		return !e.listed
	})
}

// startMixedAnew receives those objects of the run r once more of which nothing will ever confirm that all their
// packets are of one run: r is one of its own, and its FDT Instances have come again.
func (s *Session) startMixedAnew(r run) {
	l := s.l
	l.leaveMixed(func(e *entry) bool {
		if e.run != r || e.phase != receiving {
			return false
		}
		l.drop(e, true)
		e.phase, e.mixed = announced, false
		return true
	})
}
