package sender

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxEncodes bounds the Works for repair symbols that nobody has drained; the session does their work itself when
	// it is due.
	maxEncodes = 64
	// offerAgain is after how long a Work that was drained and has not begun is taken for lost, with who was to run it,
	// and offered again. The time doubles with each offer, since the disk may only be slow.
	offerAgain = 5 * time.Second
	// maxOffers bounds the doubling.
	maxOffers = 5
	// leastPoll and mostPoll are how soon AppendNext is to be called again when all that is due waits for Works: as
	// long as it has waited already, within these bounds.
	leastPoll = time.Millisecond
	mostPoll  = 50 * time.Millisecond
)

// errBusy says that the next packet needs what a Work is doing.
var errBusy = errors.New("sender: waiting for a Work")

// Work is a part of a session's work that takes long: it reads a source, or it makes the repair symbols of a source
// block while its source symbols are being sent. Run it on any goroutine. It need not be handed back: AppendNext finds
// out that it has run.
type Work struct {
	job     job
	state   atomic.Uint32
	err     error
	crashed bool // Fail was called

	// These belong to the session.
	offered time.Time // the latest time
	offers  int
	drained bool
}

// job is what a Work does.
type job interface {
	lane() any
	run(cpu sync.Locker) error
	cancel()
}

// The life of a Work.
const (
	workPending uint32 = iota
	workRunning        // by Run
	workDone           // by Run, or taken back by the session
)

// Lane returns the Source, or the Object with the content, that Run reads; nil: it needs nothing but the processor.
func (w *Work) Lane() any { return w.job.lane() }

// Run does the work, once, unless the session has begun to do it itself. It holds cpu while it computes and not while
// it reads a Source; cpu may be nil.
func (w *Work) Run(cpu sync.Locker) {
	if w.state.CompareAndSwap(workPending, workRunning) {
		w.err = w.job.run(cpu)
		w.state.Store(workDone)
	}
}

// Fail tells that Run did not come to its end, because it panicked. What was to be read is read again; a second failure
// within a minute, or the first one of a code, ends the object.
func (w *Work) Fail(err error) {
	w.state.CompareAndSwap(workPending, workRunning)
	if w.state.Load() == workRunning {
		w.err, w.crashed = err, true
		w.state.Store(workDone)
	}
}

// Cancel ends Run early where it can. Nobody waits for its result.
func (w *Work) Cancel() { w.job.cancel() }

// takeBack reports whether nobody had begun to run w. Nobody will then.
func (w *Work) takeBack() bool { return w.state.CompareAndSwap(workPending, workDone) }

func (w *Work) done() bool { return w.state.Load() == workDone }

// Works drains the Works that wait to be run. Once it was called, AppendNext does no longer read sources that are not
// in memory: whoever calls it runs them, and calls it again after each AppendNext, Remove, Abort and AppendClose. In a
// session whose Works nobody asks for, AppendNext does everything itself.
func (s *Session) Works() []*Work { return s.works.drain() }

// worklist is the Works of a session that wait to be run.
type worklist struct {
	works    []*Work
	attended bool // somebody runs Works
}

func (l *worklist) drain() []*Work {
	works := l.works
	l.works, l.attended = nil, true
	for _, w := range works {
		w.drained = true
	}
	return works
}

// offer adds w.
func (l *worklist) offer(w *Work, now time.Time) {
	w.offered, w.drained = now, false
	w.offers++
	l.works = append(l.works, w)
	if len(l.works) <= maxEncodes {
		return
	}
	// The session will have to make the repair symbols of the oldest soonest.
	encodes := 0
	for _, w := range l.works {
		if w.isEncode() {
			encodes++
		}
	}
	if encodes > maxEncodes {
		i := slices.IndexFunc(l.works, (*Work).isEncode)
		l.works = slices.Delete(l.works, i, i+1)
	}
}

// do offers w to those who run Works, or runs it if nobody does.
func (l *worklist) do(w *Work, now time.Time) {
	if l.attended {
		l.offer(w, now)
	} else {
		w.Run(nil)
	}
}

// remind offers w again if it was drained and is taken for lost.
func (l *worklist) remind(w *Work, now time.Time) {
	if w.drained && w.state.Load() == workPending && !w.remindAt().After(now) {
		l.offer(w, now)
	}
}

// press does the same, and runs what was offered if nobody else does.
func (l *worklist) press(w *Work, now time.Time) {
	if l.attended {
		l.remind(w, now)
		return
	}
	l.works = slices.DeleteFunc(l.works, func(offered *Work) bool { return offered == w })
	w.Run(nil)
}

func (w *Work) isEncode() bool { _, ok := w.job.(*encodeJob); return ok }

// remindAt returns when w is taken for lost, if it has not begun.
func (w *Work) remindAt() time.Time { return w.offered.Add(offerAgain << min(w.offers-1, maxOffers)) }
