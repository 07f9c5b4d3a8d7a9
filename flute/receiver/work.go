package receiver

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/internal/assembly"
	"github.com/flute-node/flute-node/flute/internal/content"
	"github.com/flute-node/flute-node/flute/internal/staging"
	"github.com/flute-node/flute-node/store"
)

// Work is work on one object that takes long: writing what came of it, decoding a source block, hashing ahead,
// verifying and publishing, discarding, and reading an FDT Instance, whose TOI is 0. Run it once, on any goroutine,
// then hand it back to Object.Done, or to Session.Done if its TOI is 0, on the session's goroutine.
type Work struct {
	entry *entry   // nobody but the session's goroutine looks into it
	held  *holding // likewise; nil: nobody waits for the result

	lane        any             // that Run waits for: a store.Store or consumers; nil: none
	object      *staging.Object // that Run uses; nil: none, or it has left it
	task        task
	attempt     *assembly.Attempt    // the task, if it is to decode a source block; nil: one of the others
	tail        *store.Tail          // what the task writes, if it does nothing else; nil: one of the others
	tagging     *assembly.Tagging    // the task, if it makes tags; nil: one of the others
	exchange    *assembly.Exchange   // the task, if it exchanges symbols; nil: one of the others
	notes       bool                 // the task is to give notes to the store
	publication *content.Publication // the task, if it is to publish; nil: one of the others
	reading     *reading             // the task, if it is to read an FDT Instance; nil: one of the others
	unsignalled error                // why the S-TSID that the task has published is not used

	state   atomic.Uint32 // workPending …
	err     error         // of Run
	crashed bool          // it could not be run, or it panicked
}

// task is what a Work does. Its Run touches nothing that other goroutines use.
type task interface {
	// Run blocks on the store, and holds cpu, which may be nil, while it computes.
	Run(cpu sync.Locker) error
	// Release frees the memory that the task holds, instead of Run or after it. It does not block.
	Release()
}

// hashing is a task that holds no memory.
type hashing struct{ content.Hashing }

func (*hashing) Release() {}

// writing is the task that writes what came of an object.
type writing struct {
	object *staging.Object
	tail   *store.Tail
}

func (w writing) Run(sync.Locker) error {
	object, err := w.object.Open()
	if err != nil {
		return err
	}
	return w.tail.Write(object)
}

func (w writing) Release() { w.tail.Release() }

// discarding is the task that discards an object, also if nobody waits for that.
type discarding struct{ object *staging.Object }

func (discarding) Run(sync.Locker) error { return nil } // whoever leaves the object last discards it
func (discarding) Release()              {}

// The life of a Work. Whoever comes last, the end of Run or Cancel, discards what it holds.
const (
	workPending uint32 = iota
	workRan
	workCancelled
)

// TOI returns the object that the work belongs to.
func (w *Work) TOI() flute.TOI { return w.entry.toi }

// Decodes reports whether Run decodes a source block: it finds out whether the symbols suffice, or recovers what is
// lost.
func (w *Work) Decodes() bool { return w.attempt != nil }

// Lane returns what Run waits for, a Store or a Consumer; nil: it only computes.
func (w *Work) Lane() any { return w.lane }

// Part returns the folder of the store that Run may wait for, which may hang alone, as one of another file system does;
// empty: none in particular.
func (w *Work) Part() string {
	if w.publication == nil {
		return ""
	}
	return w.publication.Part()
}

// Run does the work. It blocks on the store, on hashing or on decoding, and touches nothing that other goroutines use.
// A Work with a Lane holds cpu while it computes, and gives it back while it waits for the store; nil: nobody counts
// who computes.
func (w *Work) Run(cpu sync.Locker) {
	defer w.end()
	if w.state.Load() != workCancelled {
		w.err = w.task.Run(cpu)
	}
}

// end ends Run, also one that panicked.
func (w *Work) end() {
	defer w.leave() // last: it may discard, and wait for that
	if !w.state.CompareAndSwap(workPending, workRan) {
		w.task.Release()
	}
}

// leave ends the use of the object. It belongs to Run; afterwards, or if nobody runs w, to the session's goroutine.
func (w *Work) leave() {
	if w.object != nil {
		w.object.Leave()
		w.object = nil
	}
}

// Cancel tells that nobody waits for the result. What the Work holds is freed once Run has ended; what was published
// stays, and nothing is any more.
func (w *Work) Cancel() {
	w.giveUp()
	if !w.state.CompareAndSwap(workPending, workCancelled) {
		w.task.Release()
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

// free frees what a Work holds that has come back, or that nobody will run.
func (w *Work) free() {
	w.leave()
	w.task.Release()
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
	case content.CauseConsumer:
		return event.FailConsumer
	case content.CauseTurn:
		return event.FailSuperseded
	case content.CauseStore:
	}
	return failReason(w.err)
}

// failReason sorts an error of the store.
func failReason(err error) event.FailReason {
	switch {
	case errors.Is(err, store.ErrName):
		return event.FailName
	case errors.Is(err, store.ErrExists):
		return event.FailExists
	case errors.Is(err, store.ErrBudget):
		return event.FailBudget
	}
	return event.FailStore
}

// start emits a Work that uses the digest: one at a time.
func (o *Object) start(w *Work) {
	o.e.held.working = true
	w.use(o.e.held.Object())
	o.launch(w)
}

// launch emits a Work on what is held.
func (o *Object) launch(w *Work) {
	w.entry, w.held = o.e, o.e.held
	o.e.effects.Works = append(o.e.effects.Works, w)
}
