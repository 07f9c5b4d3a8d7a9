package store

import "errors"

// The sentinels of this package and of the stores. Errors wrap them.
var (
	// ErrName reports a Content-Location or a name under which nothing can be published.
	ErrName = errors.New("store: name cannot be used")
	// ErrBudget reports that a Budget is spent.
	ErrBudget = errors.New("store: budget is spent")
	// ErrClosed reports use of a Store that was closed, of an Object that was discarded or published, or of a Buffer
	// that was released.
	ErrClosed = errors.New("store: closed")
)
