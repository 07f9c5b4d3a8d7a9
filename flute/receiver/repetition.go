package receiver

import (
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
)

// An FDT Instance is read once; what is sent again under its ID is a duplicate. But its document is not kept, so when
// something of it could not be done for want of memory, a repetition is received and read again.

// maxDeferred bounds the files that were put off for want of memory or of a place, and whose failure was told: more are
// only counted in event.FDTReceived. That there is no memory bounds what may be noted of them.
const maxDeferred = 4096

// reread makes a repetition of FDT Instance id be read again from at on.
func (l *Ledger) reread(id flute.InstanceID, at time.Time) {
	if in := l.instances[id]; in != nil && in.read && (in.reread.IsZero() || at.Before(in.reread)) {
		in.reread = at
	}
}

// repeats begins to receive a repetition of in, and reports whether there is reason to.
func (s *Session) repeats(now time.Time, in *instance) bool {
	if !due(in.reread, now) {
		return false
	}
	if len(s.l.arrivingInstances()) >= s.l.cfg.MaxInstances {
		in.reread = now.Add(restFirst)
		return false
	}
	if !s.l.receive(in) {
		in.later(now)
		return false
	}
	in.reread = noTime
	return true
}

// settle ends a reading of in that has put off some of its File elements. It reports whether there is news: a first
// reading, or one that could do more or less than the one before.
func (in *instance) settle(now time.Time, deferred int) (news bool) {
	news = !in.read || in.deferred != deferred
	in.deferred = deferred
	if deferred > 0 {
		in.later(now)
	}
	return news
}

// later puts off what could not be done at a reading of in.
func (in *instance) later(now time.Time) {
	in.readings = min(in.readings+1, maxTries)
	in.reread = now.Add(restAfter(event.FailBudget, in.readings))
}

// postpone tells, once, of a file that cannot be described now, for want of memory or of a place.
func (s *Session) postpone(file *fdt.File, err error) {
	l := s.l
	if _, told := l.deferred[file.TOI]; told || len(l.deferred) >= maxDeferred {
		return
	}
	l.deferred[file.TOI] = struct{}{}
	s.emit(event.ObjectFailed{
		Session: l.key, TOI: file.TOI, ContentLocation: file.ContentLocation, Reason: event.FailBudget,
		Detail: err.Error(), Retry: true,
	})
}
