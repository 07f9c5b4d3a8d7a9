package sending

import (
	"errors"
	"fmt"
	"sync"

	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
)

// maxFailures bounds the failures that an Outcome tells one by one.
const maxFailures = 100

// Outcome is how a sending session went: what has failed, and that it has ended. The session and its supervisor write
// it, and whoever started the session waits for it. It does not come as an event: a crash of the hub must not keep
// anybody waiting. It is safe for concurrent use.
type Outcome struct {
	ended func() // nil: nobody waits

	mu     sync.Mutex
	over   bool
	cause  error // what ended the session before its time; nil: nothing did
	failed []error
	more   int // failures beyond maxFailures
}

// NewOutcome returns the Outcome of a session that has not ended. ended is called once, when it has, and must not
// block; nil: nobody waits for that.
func NewOutcome(ended func()) *Outcome { return &Outcome{ended: ended} }

// Err returns what failed so far, joined: what ended the session before its time, and the files that were not sent as
// often as asked, each a *sender.FileError.
func (o *Outcome) Err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := append([]error{o.cause}, o.failed...)
	if o.more > 0 {
		all = append(all, fmt.Errorf("session: and %d files more", o.more))
	}
	return errors.Join(all...)
}

// End ends the session for those who wait, because of cause if it is not nil. Only the first call counts.
func (o *Outcome) End(cause error) {
	o.mu.Lock()
	over := o.over
	if !over {
		o.over, o.cause = true, cause
	}
	o.mu.Unlock()
	if !over && o.ended != nil {
		o.ended()
	}
}

// note takes note of what failed among events, and returns them. A version of a file that is superseded by the next one
// has not failed: the next one is sent. Nor has one whose removal was asked for.
func (o *Outcome) note(events []event.Event) []event.Event {
	if len(events) == 0 { // as after most packets
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range events {
		f, ok := e.(event.ObjectFailed)
		switch {
		case !ok || f.Reason == event.FailSuperseded || f.Reason == event.FailCancelled:
		case len(o.failed) < maxFailures:
			o.failed = append(o.failed, &sender.FileError{
				ContentLocation: f.ContentLocation, Err: fmt.Errorf("%s: %s", f.Reason, f.Detail),
			})
		default:
			o.more++
		}
	}
	return events
}
