package receiver

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/internal/staging"
	"github.com/flute-node/flute-node/store"
)

// An object whose Store is a store.Keeper is noted from time to time: which symbols are held, and what was announced.
// The notes are taken while nothing of the object is being written. What memory holds then is written next, and only
// when that has ended are the notes given to the store, which makes the bytes durable before them. So they never tell
// of a symbol whose bytes the disk has lost.

const (
	// checkpointInterval is how often an object is noted at most, and what a crash costs of it. Bytes do not count: a
	// link that brings many of them in a second brings them again as quickly, and each checkpoint has the disk sync.
	checkpointInterval = time.Second
	// wholeAgain and leastWhole bound the notes of an object: they are begun anew when what was added is so many times
	// what they began with, or so many bytes.
	wholeAgain = 2
	leastWhole = 1 << 20
)

// checkpoints is what is noted of one object.
type checkpoints struct {
	last  time.Time // when it was noted
	note  []byte    // that is on its way; nil: none
	anew  bool      // note takes the place of those before
	out   bool      // a Work has note
	whole int       // bytes that the notes began with
	more  int       // and that were added
	noted bool      // the store has notes
	fails bool      // the latest could not be written
	told  bool      // a Warning was emitted
}

// isNoted reports whether e is noted from time to time.
func (l *Ledger) isNoted(e *entry) bool {
	return e.held != nil && l.cfg.keeps && (e.address == nil || e.address.head == nil) && // which is not noted
		e.file != nil && !e.gone && e.phase == receiving &&
		e.held.OTI.TransferLength > smallObject
}

// owesNote reports whether e is still to be noted before its session, which was closed on request, ends.
func (l *Ledger) owesNote(e *entry) bool {
	return l.parting && !l.aborting && l.isNoted(e) && (e.held.checkpoints.note != nil || e.held.HasChanges())
}

// checkpoint takes notes of e, if it is time to.
func (l *Ledger) checkpoint(e *entry) {
	if !l.isNoted(e) {
		return
	}
	h := e.held
	c := &h.checkpoints
	if c.last.IsZero() {
		c.last = l.now
	}
	switch {
	case !h.HasChanges():
		return
	case !l.parting && l.now.Sub(c.last) < checkpointInterval:
		l.schedule(c.last.Add(checkpointInterval)) // perhaps no packet follows for long
		return
	case c.note != nil || h.IsWriting():
		l.schedule(l.now.Add(checkpointInterval)) // whoever brings the Work back does not look at the Deadline
		return
	}
	c.last = l.now
	c.anew = !c.noted || c.fails || c.more > max(leastWhole, wholeAgain*c.whole)
	if c.anew {
		c.note = appendRecord(nil, noteWhole, func(b []byte) []byte { return h.AppendBlocks(l.appendNoted(b, e)) })
		c.whole, c.more = len(c.note), 0
	} else {
		c.note = appendRecord(nil, noteMore, h.AppendChanges)
		c.more += len(c.note)
	}
	h.Flush()
}

// isUnnoted reports whether e is to be noted now although no packet of it has come. If it is to be noted later, it is
// looked at again then.
func (l *Ledger) isUnnoted(now time.Time, e *entry) bool {
	if !l.isNoted(e) || !e.held.HasChanges() || e.held.checkpoints.last.IsZero() {
		return false
	}
	at := e.held.checkpoints.last.Add(checkpointInterval)
	if !due(at, now) {
		l.schedule(at)
		return false
	}
	return true
}

// appendNoted appends the document on e, with its length.
func (l *Ledger) appendNoted(b []byte, e *entry) []byte {
	n := l.document(e)
	n.File.Alternates = noteAlternates(e.file)
	document, err := json.Marshal(&n)
	if err != nil {
		document = nil // a year that JSON cannot write; nobody can read the notes
	}
	return append(binary.BigEndian.AppendUint32(b, uint32(len(document))), document...)
}

// note returns the Work that gives the store the notes of e, of which everything is written; nil: there are none, or
// it is not.
func (l *Ledger) note(e *entry) *Work {
	if e.held == nil {
		return nil
	}
	c := &e.held.checkpoints
	if c.note == nil || c.out || e.held.IsWriting() {
		return nil
	}
	c.out = true
	w := &Work{entry: e, held: e.held, task: noting{e.held.Object(), c.note, c.anew}, notes: true}
	w.use(e.held.Object())
	return w
}

// noter is an object of a store.Keeper.
type noter interface {
	Note(p []byte, anew bool) error
}

// noting is the task that gives notes to the store.
type noting struct {
	object *staging.Object
	note   []byte
	anew   bool
}

func (n noting) Run(sync.Locker) error {
	object, err := n.object.Open()
	if err != nil {
		return err
	}
	o, ok := object.(noter)
	if !ok {
		return fmt.Errorf("receiver: %T cannot be noted", object)
	}
	return o.Note(n.note, n.anew)
}

func (noting) Release() {}

// noted takes a Work that has given notes to the store. If it has failed, the object goes on without.
func (o *Object) noted(w *Work) {
	h := o.e.held
	if h == nil || h != w.held {
		return
	}
	c := &h.checkpoints
	c.note, c.out, c.fails = nil, false, w.err != nil
	switch {
	case w.err == nil:
		c.noted = true
	case o.e.phase == finishing && errors.Is(w.err, store.ErrClosed):
		// The publication was quicker, and its Work is on its way back.
	case !c.told:
		c.told = true
		o.emit(event.Warning{Text: fmt.Sprintf("session %v, TOI %v: it cannot be noted how far it has come, so that "+
			"it would begin anew after a crash: %v", o.l.key, o.e.toi, w.err)})
	}
}
