package lanes

import (
	"sync"
	"sync/atomic"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/internal/panicked"
)

// Work is what takes long: a *receiver.Work, a *sender.Work or a *sender.Renewal. One that may wait for a part of its
// disk that hangs alone, such as a folder, also has a method Part() string that names it.
type Work interface {
	// Lane returns what Run waits for: nil for the processor; else the disk, such as a store.Store or a sender.Source.
	// Works with equal values share a lane.
	Lane() any
	// Run does the work. In the lane of a disk it holds cpu while it computes, and never while it waits for the disk. A
	// Work whose Lane is nil has a processor from the start; its cpu is nil.
	Run(cpu sync.Locker)
	// Fail is called instead of the end of Run, when Run panicked.
	Fail(err error)
	// Cancel is called once at most, at any time: nobody waits for the result. Run then only frees what the Work holds.
	Cancel()
}

// Entry is a Work with its place in a lane, and what became of it. A session keeps it until it has the result, so that
// no crash loses it. Its methods are safe for concurrent use.
type Entry struct {
	work      Work
	session   string
	part      string // of the disk that work may wait for; empty: none in particular
	done      func(*Entry)
	queued    atomic.Bool
	cancelled atomic.Bool
	finished  atomic.Bool
}

// NewEntry returns the Entry of w, which waits in the turn of the named session. done is called once, when w has run or
// failed, on the goroutine that ran it; it must not block. nil: nobody wants to know.
func NewEntry(w Work, session string, done func(*Entry)) *Entry {
	return &Entry{work: w, session: session, part: partOf(w), done: done}
}

// Work returns the Work.
func (e *Entry) Work() Work { return e.work }

// Finished reports whether the Work has run or failed. It tells so also to a session that has lost the call of done in
// a crash.
func (e *Entry) Finished() bool { return e.finished.Load() }

// Cancel tells that nobody waits for the result. The Work runs in its turn all the same, to free what it holds. left
// reports, once, that it never came into a lane and will not: the caller has it run.
func (e *Entry) Cancel() (left bool) {
	if e.cancelled.Swap(true) {
		return false
	}
	e.work.Cancel()
	return !e.queued.Swap(true)
}

// run runs the Work, and tells its end also when it panics or ends its goroutine. It reports whether the Work returned;
// if not, crashed is told why, unless it is nil.
func (e *Entry) run(cpu sync.Locker, crashed func(session string, c *actors.Crash)) (returned bool) {
	defer func() {
		if v := recover(); !returned {
			c := crashOf(v)
			e.fail(c)
			if crashed != nil {
				crashed(e.session, c)
			}
		}
		e.finished.Store(true)
		if e.done != nil {
			e.done(e)
		}
	}()
	e.work.Run(cpu)
	returned = true
	return returned
}

// fail tells the Work what has happened. A Work that fails to take that has failed all the same.
func (e *Entry) fail(c *actors.Crash) {
	defer func() { _ = recover() }()
	e.work.Fail(c)
}

// crashOf returns the panic that the calling function has recovered. One that was passed on from another goroutine
// tells its own stack.
func crashOf(v any) *actors.Crash {
	p := panicked.Of(v)
	return &actors.Crash{Value: p.Value, Stack: p.Stack}
}
