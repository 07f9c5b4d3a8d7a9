package panicked

import (
	"fmt"
	"runtime/debug"
)

// Passed is a panic that another goroutine passes on: where it was must not be lost, it may be the code of an
// application. It is not changed once it is made.
type Passed struct {
	Value any
	Stack []byte // of the goroutine that panicked, as [runtime/debug.Stack] gives it to its deferred function
}

// Of returns what a deferred function passes on, which calls it with what it has recovered. A panic that was passed on
// before keeps the stack that it came with.
func Of(v any) *Passed {
	if p, ok := v.(*Passed); ok {
		return p
	}
	return &Passed{Value: v, Stack: debug.Stack()}
}

// Line returns one line: the value, and where the panic was.
func (p *Passed) Line() string { return fmt.Sprintf("%v%s", p.Value, At(p.Stack)) }

// Error is what the end of the process shows, if nobody recovers.
func (p *Passed) Error() string { return fmt.Sprintf("%v\n\n%s", p.Value, p.Stack) }

// Unwrap returns the value, if it is an error.
func (p *Passed) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}
