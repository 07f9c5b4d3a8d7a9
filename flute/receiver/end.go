package receiver

import (
	"maps"
	"slices"

	"github.com/flute-node/flute-node/flute/event"
)

// outstanding is what the end of a session waits for, once it has looked at all of its objects: none joins them.
type outstanding struct {
	known      bool     // it has looked at all
	publishing []*entry // each ends by itself; only the last one is looked at
	others     []*entry
}

// add notes that the end waits for e.
func (w *outstanding) add(e *entry) {
	if e.phase == finishing {
		w.publishing = append(w.publishing, e)
	} else {
		w.others = append(w.others, e)
	}
}

// again removes those that are to be looked at again, and returns them.
func (w *outstanding) again() []*entry {
	again := w.others
	w.others = nil
	for n := len(w.publishing); n > 0 && w.publishing[n-1].phase != finishing; n-- {
		again = append(again, w.publishing[n-1])
		w.publishing = w.publishing[:n-1]
	}
	return again
}

// end fails every unfinished object and closes the session, unless objects are still being published. It is called
// again after the end of each Work: what it costs then does not depend on how many objects are being published.
func (s *Session) end(reason string) {
	l := s.l
	w := l.outstanding
	l.outstanding = outstanding{} // after a crash in here the next Session looks at all objects
	look := maps.Values(l.entries)
	if w.known {
		look = slices.Values(w.again())
	}
	for e := range look {
		if s.endObject(e, reason) {
			w.add(e)
		}
	}
	w.known = true
	l.outstanding, l.ending = w, reason
	if len(l.leaving) > 0 || len(w.publishing) > 0 || len(w.others) > 0 {
		return
	}
	clear(l.deferred) // their failure was told
	s.tellCompleteAtEnd()
	l.release()
	l.ended = true
	if l.opened {
		account := l.Account(l.now)
		s.emit(event.SessionClosed{
			Session: l.key, Reason: reason, Counters: l.counters, Feeds: l.Feeds(), Account: &account,
		})
	}
}

// endObject fails e, if it is unfinished, and reports whether the session must wait for it.
func (s *Session) endObject(e *entry, reason string) (busy bool) {
	l := s.l
	switch {
	case l.aborting: // nothing is waited for
	case e.phase == finishing:
		return true
	case e.held != nil && e.file != nil && e.held.IsWhole() && e.held.IsDecoding(): // with another variant
		return true
	case l.owesNote(e): // so that a later process needs none of it again
		if !e.held.IsWriting() && e.held.checkpoints.note == nil {
			l.effects.Described = append(l.effects.Described, e.toi)
		}
		return true
	case e.held != nil && e.held.queued: // its turn comes with the end of a Work
		l.effects.Described = append(l.effects.Described, e.toi)
		return true
	}
	if !e.ended() { // one that was never announced ends unnoticed: nobody waits for it
		s.fail(e, event.FailClosed, e.because(reason))
	}
	return false
}
