package receiver

import (
	"fmt"
	"time"

	"github.com/flute-node/flute-node/flute/event"
)

// ripen has e looked at when it is too old.
func (l *Ledger) ripen(e *entry) {
	if age := l.cfg.Selection.MaxAge; age > 0 {
		l.schedule(e.born.Add(age))
	}
}

// isTooOld reports whether e has not become whole in the time that Selection.MaxAge gives it. If it still may, it is
// looked at again.
func (l *Ledger) isTooOld(now time.Time, e *entry) bool {
	age := l.cfg.Selection.MaxAge
	if age == 0 || e.file == nil || e.ended() || e.phase == finishing || e.held != nil && e.held.IsWhole() {
		return false
	}
	at := e.born.Add(age)
	if !due(at, now) {
		l.schedule(at)
	}
	return due(at, now)
}

// giveUpOld ends e, which is too old.
func (s *Session) giveUpOld(e *entry) {
	s.fail(e, event.FailExpired, e.because(fmt.Sprintf("not whole within %v", s.l.cfg.Selection.MaxAge)))
}
