package receiver

import (
	"fmt"
	"time"

	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/internal/staging"
	"github.com/flute-node/flute-node/store"
)

// What comes of an object is written by Works, one at a time for each object, while more comes. What the store does not
// take in time waits in memory; see Session.IsShort.

// use makes w wait for the store of the object.
func (w *Work) use(object *staging.Object) {
	object.Use()
	w.object, w.lane = object, object.Store()
}

const (
	// gatherBytes is the length up to which an object is written when it is whole, in one go with its verification:
	// its bytes need not be read again for that.
	gatherBytes = 256 << 10
	// maxGathered bounds what of all these objects waits for the rest of them, as does one gatherShare of the budget.
	maxGathered = 8 << 20
	gatherShare = 8
)

// gathers reports whether what has come of e waits for the rest in memory.
func (l *Ledger) gathers(e *entry) bool {
	h := e.held
	return h != nil && e.phase == receiving && e.file != nil && h.OTI.TransferLength <= gatherBytes &&
		!h.IsShort() && h.checkpoints.note == nil && l.backlog <= min(maxGathered, l.share.All.Ceiling()/gatherShare)
}

// write returns the Work that writes what of e is to be written now; nil: nothing, or one is under way.
func (l *Ledger) write(e *entry) *Work {
	h := e.held
	if h == nil {
		return nil
	}
	tail := h.Begin()
	if tail != nil {
		h.writes = l.now // also for weigh
	}
	l.weigh(h)
	if tail == nil {
		return nil
	}
	w := &Work{entry: e, held: h, task: writing{h.Object(), tail}, tail: tail}
	w.use(h.Object())
	return w
}

// wrote takes a Work that has written.
func (o *Object) wrote(now time.Time, w *Work) {
	e := o.e
	if e.held == nil || e.held != w.held {
		w.Cancel() // ended meanwhile
		return
	}
	e.held.End(w.tail)
	o.l.weigh(e.held)
	switch {
	case w.err != nil && e.phase == resting:
		o.l.drop(e, true)
		o.l.retire(e)
	case w.err != nil:
		o.l.shed()
		o.fail(w.reason(), w.err.Error())
	case e.phase == resting:
	case e.phase == finishing:
		o.finish(now)
	case o.retry(now) == nil: // there is more memory now
		o.advance(now)
	}
	if e.ended() {
		delete(o.l.leaving, e)
	}
}

// discard returns the Work that discards what e holds; nil: there is nothing left to do.
func (l *Ledger) discard(e *entry, object *staging.Object) *Work {
	if !object.Forget() {
		return nil
	}
	w := &Work{entry: e, task: discarding{object}}
	w.use(object)
	return w
}

const (
	// maxBacklog is how much waits for the store while whoever hands datagrams over can wait without losing any: no
	// more than package store keeps of pages for the next ones, so that none is allocated anew.
	maxBacklog = 16 << 20
	// backlogStep is how much more may wait until that is noted.
	backlogStep = 1 << 20
	// maxPublishing is how many objects wait for their publication meanwhile: half as many again as package store/file
	// publishes at a time. Each takes some kilobytes, however small it is.
	maxPublishing = 1536
	// maxTails is how much memory the bytes of these take that their publication has not written yet.
	maxTails = 24 << 20
)

// weigh notes how much of h waits for the store, and whether that is more than there is memory for.
func (l *Ledger) weigh(h *holding) {
	l.backlog, h.backlog = l.backlog-h.backlog+h.Waiting(), h.Waiting()
	switch short := h.IsShort(); {
	case short == h.short:
		return
	case short:
		if l.short == 0 || h.writes.Before(l.shortage.since) {
			l.shortage.since = h.writes
		}
		l.short++
	default:
		l.short--
	}
	h.short = !h.short
}

// shortage is what a session has lost because its store did not take in time what there was no memory for.
type shortage struct {
	since time.Time // when the store was asked
	lost  int       // datagrams, not told yet
	told  bool      // there was a Warning since
	quiet time.Time // there is none before
}

const (
	// shortInterval is how often it is looked for losses while objects are short.
	shortInterval = time.Second
	// shortQuiet is the least time between two Warnings: the store may be too slow all the time.
	shortQuiet = time.Minute
)

// miss counts a datagram that was dropped, if the store is to blame.
func (l *Ledger) miss(n int) {
	if l.short > 0 {
		l.shortage.lost += n
	}
}

// tellShortage warns of datagrams that were dropped because of the store.
func (s *Session) tellShortage(now time.Time) {
	m := &s.l.shortage
	over := s.l.short == 0
	if m.lost > 0 && (over && m.told || !over && !now.Before(m.quiet)) {
		s.emit(event.Warning{Text: fmt.Sprintf(
			"session %v: %d datagrams were dropped: store %s has not answered for %v, "+
				"and the memory for what it is to write is spent",
			s.l.key, m.lost, storeName(s.l.cfg.Store), now.Sub(m.since).Round(100*time.Millisecond))})
		m.lost, m.told, m.quiet = 0, true, now.Add(shortQuiet)
	}
	if over {
		m.lost, m.told = 0, false
	}
}

// storeName returns the name of a store for people.
func storeName(s store.Store) string {
	if s, ok := s.(fmt.Stringer); ok {
		return s.String()
	}
	return fmt.Sprintf("%T", s)
}

// IsShort reports whether objects of the session wait for the store with so much that there is no memory for more: hand
// over no more datagrams until a Work has come back.
func (s *Session) IsShort() bool { return s.l.short > 0 }

// IsBehind reports whether more than 16 MiB, or more than 1,536 objects or 24 MiB of whole ones, wait for the store:
// who loses nothing by it had better hand over no more datagrams for some milliseconds, or until a Work has come back.
// Others go on, and what comes is kept in memory as long as there is some.
func (s *Session) IsBehind() bool {
	return s.l.backlog > maxBacklog || s.l.publishing > maxPublishing || s.l.tails.Load() > maxTails
}

// publishes notes whether a Work that publishes what h is has been made and has not come back.
func (l *Ledger) publishes(h *holding, out bool) {
	switch {
	case h.publishing == out:
		return
	case out:
		l.publishing++
	default:
		l.publishing--
	}
	h.publishing = out
}
