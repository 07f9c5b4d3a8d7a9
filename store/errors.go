package store

import (
	"errors"
	"syscall"
)

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

// Windows' numbers for what POSIX calls ENOSPC.
const (
	errorHandleDiskFull = syscall.Errno(39)
	errorDiskFull       = syscall.Errno(112)
)

// IsFull reports whether err says that the disk is full, or the quota on it.
func IsFull(err error) bool {
	if onWindows && (errors.Is(err, errorHandleDiskFull) || errors.Is(err, errorDiskFull)) {
		return true
	}
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
