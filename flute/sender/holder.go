package sender

import (
	"errors"
	"sync/atomic"
)

// errDiscarded is wrapped by the error of Add and Update for an Object that was discarded before.
var errDiscarded = errors.New("sender: the Object was discarded")

// errHeld is wrapped by the error of Add and Update for an Object of another session that owns its content.
var errHeld = errors.New("sender: the Object belongs to another session")

// holder is who an Object belongs to: whoever has prepared it, the session that it was added to, or nobody any more. It
// is atomic, since whoever gives an Object to a session on another goroutine may take it back at the same moment. The
// zero value is whoever has prepared it.
type holder struct{ session atomic.Pointer[Session] }

// nobody stands for the session of an Object that was discarded, or whose content was closed. It is never used.
var nobody Session

// take makes s the holder of o. It does nothing if s is the holder already.
func (s *Session) take(o *Object) error {
	if o.holder.session.CompareAndSwap(nil, s) {
		return nil
	}
	switch have := o.holder.session.Load(); {
	case have == &nobody:
		return errDiscarded
	case have != s && (o.owned || o.file.Owned):
		return errHeld
	}
	return nil
}

// end makes nobody the holder, and reports whether there was one.
func (h *holder) end() bool { return h.session.Swap(&nobody) != &nobody }

// Discard takes back o: no session will have it, and what it owns is closed, see File.Owned. It reports false, and does
// nothing, if o was added to a session, or discarded, before. It may be called while another goroutine adds o.
func (o *Object) Discard() bool {
	if !o.holder.session.CompareAndSwap(nil, &nobody) {
		return false
	}
	_ = (&closeJob{closers: o.closers()}).run(nil)
	return true
}
