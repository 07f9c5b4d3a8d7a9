package outbox

import (
	"errors"
	"fmt"
	"time"
)

// Item is a File on its way to one sink.
type Item struct {
	ID    uint64    `json:"id"`
	Sink  string    `json:"sink"`
	Key   string    `json:"key"` // of File
	File  File      `json:"file"`
	Added time.Time `json:"added"`           // or replayed
	Tries int       `json:"tries"`           // that have failed
	Next  time.Time `json:"next,omitzero"`   // no try begins before
	Error string    `json:"error,omitempty"` // of the latest try
	Dead  time.Time `json:"dead,omitzero"`   // since when it is a dead letter; zero: it waits
}

// maxError bounds Item.Error in characters.
const maxError = 500

// Outcome is what comes of a try.
type Outcome int

// The outcomes.
const (
	Delivered  Outcome = iota // the sink has the file
	Retried                   // the try has failed, another one follows
	Rejected                  // the sink does not want it, or tries have failed for too long: it is a dead letter
	Superseded                // another version of the file is in its place, which is an Item of its own
	Stopped                   // the try was broken off; it does not count
)

// String returns the name of the outcome in events and metrics.
func (o Outcome) String() string {
	switch o {
	case Delivered:
		return "delivered"
	case Retried:
		return "retried"
	case Rejected:
		return "dead"
	case Superseded:
		return "superseded"
	case Stopped:
		return "stopped"
	}
	return "unknown"
}

// ErrSuperseded tells that another version of the file is where it was.
var ErrSuperseded = errors.New("another version of the file has taken its place")

// RejectedError is the error of a try after which no other one makes sense.
type RejectedError struct{ Err error }

// Error implements error.
func (e *RejectedError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *RejectedError) Unwrap() error { return e.Err }

// errGone tells that the file is not there any more. The sink was not asked.
var errGone = errors.New("the file is gone")

// heard returns what a try says of the sink: only its own no shows that it is there.
func heard(o Outcome, err error) Outcome {
	_, no := errors.AsType[*RejectedError](err)
	switch {
	case errors.Is(err, errGone):
		return Stopped
	case o == Rejected && !no: // tries have failed for too long
		return Retried
	}
	return o
}

// LaterError is the error of a try whose sink has said when the next one may begin.
type LaterError struct {
	Err   error
	After time.Duration
}

// Error implements error.
func (e *LaterError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *LaterError) Unwrap() error { return e.Err }

// Policy says when tries follow each other.
type Policy struct {
	First, Most time.Duration // the pause after the first failure; pauses double up to Most
	Patience    time.Duration // a failure later than this after Item.Added is the last one
}

// maxAfter bounds LaterError.After.
const maxAfter = time.Hour

// pause returns the pause after so many failures, from 1. random is at least 0 and below 1: a pause is between a half
// and the whole of what it could be, so that tries do not go in step.
func (p Policy) pause(failures int, random float64) time.Duration {
	pause := p.First
	for i := 1; i < failures && pause < p.Most; i++ {
		pause *= 2
	}
	pause = min(pause, p.Most)
	return pause/2 + time.Duration(random*float64(pause/2))
}

// settle returns what comes of a try that ended with err, and notes it in the item. stopped tells that the try was
// broken off from here.
func (it *Item) settle(err error, stopped bool, now time.Time, p Policy, random float64) Outcome {
	if err == nil {
		return Delivered
	}
	if errors.Is(err, ErrSuperseded) {
		return Superseded
	}
	if stopped {
		return Stopped
	}
	it.Tries++
	it.Error = fmt.Sprintf("%.*s", maxError, err.Error())
	if _, ok := errors.AsType[*RejectedError](err); ok || now.Sub(it.Added) >= p.Patience {
		it.Dead, it.Next = now, time.Time{}
		return Rejected
	}
	it.Next = now.Add(max(p.pause(it.Tries, random), restOf(err)))
	return Retried
}

// restOf returns how long a sink wants to be left alone; 0: it has not said so.
func restOf(err error) time.Duration {
	if later, ok := errors.AsType[*LaterError](err); ok {
		return min(later.After, maxAfter)
	}
	return 0
}

// revive has a dead letter wait again, as if it were new.
func (it *Item) revive(now time.Time) {
	it.Added, it.Tries, it.Next, it.Dead = now, 0, now, time.Time{}
}
