package supervisor

import (
	"errors"
	"fmt"
	"time"
)

// ErrStopped is the reason for restarting a Permanent child that stopped without failing.
var ErrStopped = errors.New("supervisor: permanent child stopped")

// GaveUpError is what a static tree fails with when its intensity is exceeded, or a child cannot be spawned.
type GaveUpError struct {
	Supervisor string // id of the PID
	Child      string // the child that failed last
	Failures   int    // within Period; 0 when the child could not be spawned
	Period     time.Duration
	Reason     error // of the last failure
}

// Error returns one line.
func (e *GaveUpError) Error() string {
	if e.Failures == 0 {
		return fmt.Sprintf("supervisor: %s cannot start %s: %v", e.Supervisor, e.Child, e.Reason)
	}
	return fmt.Sprintf("supervisor: %s gave up after %d failures within %v, the last of %s: %v",
		e.Supervisor, e.Failures, e.Period, e.Child, e.Reason)
}

// Unwrap returns the reason of the last failure.
func (e *GaveUpError) Unwrap() error { return e.Reason }
