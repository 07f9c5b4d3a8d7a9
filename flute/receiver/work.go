package receiver

import (
	"sync"
	"sync/atomic"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/internal/assembly"
	"github.com/flute-node/flute-node/store"
)

// Work is work on one object that takes long and that an Object asks for: decoding a source block, hashing ahead, or
// verifying and publishing. Run it once, on any goroutine, then hand it back to Object.Done on the session's goroutine.
type Work struct {
	entry   *entry   // nobody but the session's goroutine looks into it
	held    *holding // likewise
	store   store.Store
	object  store.Object
	tail    *store.Tail // bytes of object that are to be written first; nil: none
	digest  *digest
	end     uint64            // hash up to here
	file    *fdt.File         // description
	name    string            // of the Content-Location; empty: only hash ahead
	maxSize uint64            // of the decoded content
	attempt *assembly.Attempt // to decode a source block; nil: one of the others

	names     *store.Names // where the name to publish under is claimed
	folder    string       // below which
	publisher string       // and for whom

	older []*Work       // that are on their way to publish under the same Content-Location
	turn  atomic.Uint32 // turnAhead …

	state  atomic.Uint32 // workPending …
	result result
}

// The life of a Work. Whoever comes last, the end of Run or Cancel, discards what it holds.
const (
	workPending uint32 = iota
	workRan
	workCancelled
)

// result is what Run found.
type result struct {
	path      string
	claimed   store.Claimed
	size      uint64
	digests   map[string]string
	verified  []string
	published bool
	err       error
	reason    event.FailReason // of err
}

// TOI returns the object that the work belongs to.
func (w *Work) TOI() flute.TOI { return w.entry.toi }

// Lane returns the Store that Run waits for; nil: it only decodes a source block, in memory.
func (w *Work) Lane() any {
	if w.attempt != nil {
		return nil
	}
	return w.store
}

// Run does the work. It blocks on the store, on hashing or on decoding, and touches nothing that other goroutines use.
func (w *Work) Run(sync.Locker) {
	if w.state.Load() != workCancelled {
		switch {
		case w.attempt != nil:
			w.result.err = w.attempt.Run()
		case w.name == "":
			w.result.err = w.digest.extend(w.object, w.end)
			w.result.reason = event.FailStore
		default:
			w.finish()
		}
	}
	if !w.state.CompareAndSwap(workPending, workRan) {
		w.discard()
	}
}

// Cancel tells that nobody waits for the result. What the Work holds is discarded once Run has ended; what was published
// stays, and nothing is any more.
func (w *Work) Cancel() {
	w.giveUp()
	if !w.state.CompareAndSwap(workPending, workCancelled) {
		w.discard()
	}
}

func (w *Work) discard() {
	switch {
	case w.attempt != nil:
		w.attempt.Release()
	case !w.result.published:
		w.tail.Release()
		_ = w.object.Discard()
	}
}

// Fail makes Done fail the object: for whoever could not run the work, or saw it panic.
func (w *Work) Fail(err error) {
	w.state.Store(workRan)
	w.turn.Store(turnOver)
	w.result.err, w.result.reason = err, event.FailStore
}
