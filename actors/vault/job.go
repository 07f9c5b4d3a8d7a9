package vault

import "sync/atomic"

// Work is what takes long: a *receiver.Work, a *sender.Work or a *sender.Renewal.
type Work interface {
	Run()
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
		j.Work.Run() // it only discards
	}
}

// claim gives the right to run the Work, once.
func (j *Job) claim() bool { return j.claimed.CompareAndSwap(false, true) }
