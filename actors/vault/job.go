package vault

import (
	"sync"
	"sync/atomic"
)

// Work is what takes long: a *receiver.Work or a *sender.Work.
type Work interface {
	// Lane returns what Run waits for: nil for the processor; else the store.Store or the sender.Source that it reads
	// from or writes to. Works of one Store, or of one Source, share a lane: if it hangs, they wait, and no others do.
	Lane() any
	// Run does the work, once. With a Lane that is not nil it holds cpu while it computes, and never while it waits for
	// its Store or Source; nil: it need not hold anything. A Work whose Lane is nil does not use cpu.
	Run(cpu sync.Locker)
	Fail(err error) // Run did not come to its end
	Cancel()        // nobody waits for the result
}

// Job is a Work with what is known of its run, also when the messages about it were lost with an actor.
type Job struct {
	Work     Work
	claimed  atomic.Bool
	finished atomic.Bool
}

// NewJob returns the Job of w.
func NewJob(w Work) *Job { return &Job{Work: w} }

// Finished reports whether the Work has run: Ran may come as well, or may be lost.
func (j *Job) Finished() bool { return j.finished.Load() }

// Cancel tells that nobody waits for the result. What the Work has staged is discarded at the end of its run.
func (j *Job) Cancel() {
	j.Work.Cancel()
	if j.claim() {
		j.Work.Run(nil) // it only discards
	}
}

// claim gives the right to run the Work, once.
func (j *Job) claim() bool { return j.claimed.CompareAndSwap(false, true) }
