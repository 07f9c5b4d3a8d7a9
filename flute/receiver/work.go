package receiver

import (
	"sync"
	"sync/atomic"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/internal/assembly"
	"github.com/flute-node/flute-node/flute/internal/content"
	"github.com/flute-node/flute-node/store"
)

// Work is work on one object that takes long and that an Object asks for: decoding a source block, hashing ahead, or
// verifying and publishing. Run it once, on any goroutine, then hand it back to Object.Done on the session's goroutine.
type Work struct {
	entry *entry   // nobody but the session's goroutine looks into it
	held  *holding // likewise

	store       store.Store // that Run waits for; nil: none
	task        task
	attempt     *assembly.Attempt    // the task, if it is to decode a source block; nil: one of the others
	publication *content.Publication // the task, if it is to publish; nil: one of the others

	state   atomic.Uint32 // workPending …
	err     error         // of Run
	crashed bool          // it could not be run, or it panicked
}

// task is what a Work does. Its Run touches nothing that other goroutines use.
type task interface {
	// Run blocks on the store, and holds cpu, which may be nil, while it computes.
	Run(cpu sync.Locker) error
	// Discard frees what the task holds, instead of Run or after it.
	Discard()
}

// decoding is the task of an Attempt, which waits for no store.
type decoding struct{ *assembly.Attempt }

func (d decoding) Run(sync.Locker) error { return d.Attempt.Run() }
func (d decoding) Discard()              { d.Release() }

// The life of a Work. Whoever comes last, the end of Run or Cancel, discards what it holds.
const (
	workPending uint32 = iota
	workRan
	workCancelled
)

// TOI returns the object that the work belongs to.
func (w *Work) TOI() flute.TOI { return w.entry.toi }

// Lane returns the Store that Run waits for; nil: it only decodes a source block, in memory.
func (w *Work) Lane() any {
	if w.store == nil {
		return nil
	}
	return w.store
}

// Run does the work. It blocks on the store, on hashing or on decoding, and touches nothing that other goroutines use.
// A Work with a Lane holds cpu while it computes, and gives it back while it waits for the store; nil: nobody counts
// who computes.
func (w *Work) Run(cpu sync.Locker) {
	if w.state.Load() != workCancelled {
		w.err = w.task.Run(cpu)
	}
	if !w.state.CompareAndSwap(workPending, workRan) {
		w.task.Discard()
	}
}

// Cancel tells that nobody waits for the result. What the Work holds is discarded once Run has ended; what was
// published stays, and nothing is any more.
func (w *Work) Cancel() {
	w.giveUp()
	if !w.state.CompareAndSwap(workPending, workCancelled) {
		w.task.Discard()
	}
}

// giveUp keeps a Work that publishes from doing so, unless it has begun to.
func (w *Work) giveUp() {
	if w.publication != nil {
		w.publication.Turn.GiveUp()
	}
}

// Fail makes Done fail the object: for whoever could not run the work, or saw it panic.
func (w *Work) Fail(err error) {
	w.state.Store(workRan)
	if w.publication != nil {
		w.publication.Turn.End()
	}
	w.err, w.crashed = err, true
}

// free frees the memory of a Work that was not run, or that failed to write.
func (w *Work) free() {
	if w.publication != nil {
		w.publication.Tail.Release()
	}
}

// reason sorts the error of a Work on the whole object.
func (w *Work) reason() event.FailReason {
	if w.crashed {
		return event.FailStore
	}
	switch content.CauseOf(w.err) {
	case content.CauseEncoding:
		return event.FailEncoding
	case content.CauseDigest:
		return event.FailDigest
	case content.CauseTurn:
		return event.FailSuperseded
	case content.CauseStore:
	}
	return failReason(w.err)
}
