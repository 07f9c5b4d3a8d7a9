package panicked

import "fmt"

// Passed is a panic that another goroutine passes on: where it was must not be lost, it may be the code of an
// application. It is not changed once it is made.
type Passed struct {
	Value any
	Stack []byte // of the goroutine that panicked, as [runtime/debug.Stack] gives it to its deferred function
}

// Error is what the end of the process shows, if nobody recovers.
func (p *Passed) Error() string { return fmt.Sprintf("%v\n\n%s", p.Value, p.Stack) }

// Unwrap returns the value, if it is an error.
func (p *Passed) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}
