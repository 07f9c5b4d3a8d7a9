package store

import "errors"

// Errors of this package and of the stores wrap these.
var (
	// ErrName reports that nothing can be published under a Content-Location or a name.
	ErrName = errors.New("store: name cannot be used")
	// ErrBudget reports that a Budget is spent.
	ErrBudget = errors.New("store: budget is spent")
	// ErrClosed reports use of a Store that was closed, of an Object that was discarded or published, or of a Buffer
	// that was released.
	ErrClosed = errors.New("store: closed")
)
