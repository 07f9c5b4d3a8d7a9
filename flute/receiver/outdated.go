package receiver

import (
	"fmt"
	"slices"
	"time"

	"github.com/flute-node/flute-node/flute/event"
)

// Of two TOIs for one Content-Location the newer FDT Instance names the current version (RFC 6726, section 3.4.2). It
// may be forged, so that the older one does not end at once: a sender that has replaced it sends no more of it. It ends
// when the newer one is published, or when nothing of it has come for outdatedSilence.

// outdatedSilence is how long nothing must come of an object that has a newer version.
const outdatedSilence = 2 * time.Second

// follows notes that e is the version of a file after old.
func (l *Ledger) follows(e, old *entry) {
	l.versions++
	e.version, old.newer = l.versions, e.toi
}

// supersede ends old, of which there is a newer version, soon.
func (s *Session) supersede(old *entry) {
	l := s.l
	if old.outdated.IsZero() {
		l.outdated = append(l.outdated, old)
	}
	old.outdated = l.now
	l.schedule(l.now.Add(outdatedSilence))
}

// isOutdated reports whether e, which has a newer version or had one, is to end because of that.
func (e *entry) isOutdated() bool { return !e.gone && e.phase <= receiving && !e.outdated.IsZero() }

func (s *Session) failOutdated(e *entry) {
	s.fail(e, event.FailSuperseded, fmt.Sprintf("by TOI %v", e.newer))
}

// sweepOutdated ends versions of which nothing comes any more.
func (s *Session) sweepOutdated(now time.Time) {
	l := s.l
	l.outdated = slices.DeleteFunc(l.outdated, func(e *entry) bool {
		switch at := maxTime(e.outdated, e.resume).Add(outdatedSilence); {
		case !e.isOutdated():
			return true
		case !due(at, now) || e.held != nil && (e.held.IsDecoding() || e.held.isDone()):
			l.schedule(maxTime(at, now.Add(outdatedSilence/4)))
			return false
		}
		s.failOutdated(e)
		return true
	})
}

// replaced ends the older versions of e, which is published.
func (l *Ledger) replaced(e *entry) {
	if len(l.outdated) == 0 {
		return
	}
	s := Session{l: l}
	l.outdated = slices.DeleteFunc(l.outdated, func(old *entry) bool {
		if old == e || !old.isOutdated() {
			return true
		}
		if old.location() != e.location() {
			return false
		}
		s.failOutdated(old)
		return true
	})
}

// isBehind reports whether a newer version of e is on its way to be published.
func (l *Ledger) isBehind(e *entry) bool {
	return slices.ContainsFunc(l.publications.out[e.target()], func(w *Work) bool {
		return w.entry.version > e.version
	})
}

// isReplaced reports whether a newer version of e is published. e may have waited for its disk, or have been verified
// again meanwhile, so that it is not one of those that replaced has ended.
func (l *Ledger) isReplaced(e *entry) bool {
	for at := e; ; {
		next := l.entries[at.newer]
		if next == nil || next.version <= at.version || next.location() != e.location() {
			return false
		}
		if at = next; at.phase == completed {
			return true
		}
	}
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
