package store

import "errors"

// Errors of this package and of the stores wrap these.
var (
	// ErrName reports that nothing can be published under a Content-Location or a name.
	ErrName = errors.New("store: name cannot be used")
	// ErrBudget reports that a Budget is spent.
	ErrBudget = errors.New("store: budget is spent")
	// ErrExists reports that there is a file of that name, and that it may not be replaced.
	ErrExists = errors.New("store: file exists")
	// ErrKept reports that there is a file of that name, that it stays, and that the object is not wanted.
	ErrKept = errors.New("store: the file that exists is kept")
	// ErrFull reports that the Store, or its disk, may take no more files or bytes.
	ErrFull = errors.New("store: no room")
	// ErrClosed reports use of a Store that was closed, of an Object that was discarded or published, or of a Buffer
	// that was released.
	ErrClosed = errors.New("store: closed")
)
