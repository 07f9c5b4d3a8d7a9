package receiver

import (
	"cmp"
	"fmt"
	"time"

	"github.com/flute-node/flute-node/flute/event"
)

// Time-outs follow the sender: a carousel may send a file, or anything at all, once in a minute or once in a day. What
// has come again after a pause shows how long pauses are. A time-out that is learned is pauseFactor times the longest.

const (
	// pauseFactor is how many pauses may pass in a row: a whole turn of a carousel, or two, may be lost.
	pauseFactor = 3
	// maxLearned bounds what is learned. A time-out lets the next pause be longer than the one before, and so on.
	maxLearned = 24 * time.Hour
	// silenceTold is the least silence of a session that is told: most carousels pause for less.
	silenceTold = 30 * time.Second
)

// pauses is what a session knows of the pauses of its sender.
type pauses struct {
	session time.Duration // the longest time without any packet, after which one came
	object  time.Duration // the longest time without a packet of an object, after which one of it came
	checked bool          // it was looked at whether the present silence is to be told
	warned  bool          // and it was told
}

// timeout is a time-out as a Config has it.
type timeout struct {
	least   time.Duration
	learned bool // from pauses
}

// never is a time-out that no process lives to see.
const never = 100 * 365 * 24 * time.Hour

// newTimeout returns the time-out for which a Config has given. If that is zero it is set to least, which is what the
// time-out is before it is learned. none: there shall be no time-out.
func newTimeout(given *time.Duration, least time.Duration, none bool) timeout {
	learned := *given == 0
	*given = cmp.Or(*given, least)
	if none {
		return timeout{least: never}
	}
	return timeout{*given, learned}
}

// after returns the time-out where the longest pause was pause.
func (t timeout) after(pause time.Duration) time.Duration {
	if t.learned {
		return learned(t.least, pause)
	}
	return t.least
}

// learned returns a time-out that is least, or more where pause shows that it takes more.
func learned(least, pause time.Duration) time.Duration {
	return max(least, min(pauseFactor*pause, maxLearned))
}

// sessionTimeout returns the silence that ends a session which has shown something.
func (l *Ledger) sessionTimeout() time.Duration { return l.cfg.sessionTimeout.after(l.pauses.session) }

// remembrance returns how long an object that has ended is known after its description has expired: as long as the
// session may be silent, or a day where it may be silent for ever. Config.MaxObjects bounds how many there are.
func (l *Ledger) remembrance() time.Duration {
	if l.cfg.NoSessionTimeout {
		return maxLearned
	}
	return learned(l.cfg.SessionTimeout, l.pauses.session)
}

// objectTimeout returns the silence of an object that is not whole which ends a try.
func (l *Ledger) objectTimeout() time.Duration { return l.cfg.objectTimeout.after(l.pauses.object) }

// undescribedTimeout returns the silence after which an object is forgotten that nothing describes and that is not
// whole.
func (l *Ledger) undescribedTimeout() time.Duration {
	return l.cfg.undescribedTimeout.after(max(l.pauses.object, l.fdtInterval))
}

// hearAgain notes that packets come again after a silence that ends at now.
func (s *Session) hearAgain(now time.Time) {
	p := &s.l.pauses
	silence := now.Sub(s.l.last)
	p.session = max(p.session, silence)
	p.checked = false
	if p.warned {
		p.warned = false
		s.emit(event.Warning{Text: fmt.Sprintf("session %v: packets come again, after %v",
			s.l.key, silence.Round(time.Second))})
	}
}

// silent returns when to tell that nothing comes; zero: never.
func (l *Ledger) silent() time.Time {
	if l.pauses.checked || !l.proven || !l.closing.IsZero() {
		return noTime
	}
	return l.last.Add(learned(silenceTold, l.pauses.session))
}

// tellSilence tells, once, of a session in which nothing comes although something is missing: its sender, or the way
// from there, may be gone.
func (s *Session) tellSilence(now time.Time) {
	l := s.l
	if !due(l.silent(), now) || due(l.silentAt(), now) { // the end of the session tells more
		return
	}
	l.pauses.checked = true
	missing := 0
	for _, e := range l.entries {
		if e.file != nil && !e.ended() && e.phase != finishing {
			missing++
		}
	}
	text := fmt.Sprintf("session %v: no packet for %v", l.key, now.Sub(l.last).Round(time.Second))
	switch missing {
	case 0:
		return
	case 1:
		text += ", and a file is not whole"
	default:
		text += fmt.Sprintf(", and %d files are not whole", missing)
	}
	if l.pauses.session > time.Second {
		text += fmt.Sprintf("; the longest pause was %v", l.pauses.session.Round(time.Second))
	}
	l.pauses.warned = true
	s.emit(event.Warning{Text: text})
}

// hearObject notes that packets of e came at now.
func (l *Ledger) hearObject(now time.Time, e *entry) {
	if !e.heard.IsZero() {
		l.pauses.object = max(l.pauses.object, now.Sub(e.heard))
	}
	e.heard = now
	if !e.ended() {
		l.schedule(now.Add(l.objectTimeout()))
	}
}

// isSilent reports whether nothing has come of e for too long. If it may come to that, e is looked at again.
func (l *Ledger) isSilent(now time.Time, e *entry) bool {
	if e.file == nil || e.ended() || e.phase == resting || e.held == nil || e.held.isDone() || e.held.IsDecoding() ||
		e.held.wants() {
		return false
	}
	at := maxTime(e.heard.Add(l.objectTimeout()), e.put.Add(repairGrace))
	if !due(at, now) {
		l.schedule(at)
	}
	return due(at, now)
}

// giveUpSilent ends the try of e, of which nothing comes. What is held is kept for the next one.
func (s *Session) giveUpSilent(now time.Time, e *entry) {
	s.rest(now, e, event.FailExpired, e.because(fmt.Sprintf("no packet of it for %v",
		now.Sub(e.heard).Round(time.Second))))
}
