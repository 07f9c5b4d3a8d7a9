package store

import (
	"errors"
	"io"
	"syscall"
)

// The errors of this package, for errors.Is.
var (
	ErrName   = errors.New("store: name cannot be used")
	ErrBudget = errors.New("store: budget is spent")
	ErrClosed = errors.New("store: closed")
)

// Store holds objects. Its methods are safe for concurrent use.
type Store interface {
	// Create stages an object without a name. size is what the sender claims; nothing is allocated for it.
	Create(size uint64) (Object, error)
	// Publish makes the bytes of o visible under name, durably, whole or not at all; what had the name is replaced. It
	// returns the path, slash separated, relative to the root. name comes from Name. After success o is gone; after an
	// error it is still there, to be discarded.
	Publish(o Object, name string) (path string, err error)
	// Close releases the store. Objects that are still staged are discarded.
	Close() error
}

// Object is a staged object. Reads and writes of different bytes may go on at the same time; a byte that was not
// written reads as 0 below the largest written offset, and as io.EOF beyond.
type Object interface {
	io.ReaderAt
	io.WriterAt
	// Truncate sets the size in bytes.
	Truncate(size int64) error
	// Sync makes what was written durable.
	Sync() error
	// Discard frees the object. It may be called twice, and after Publish, when it does nothing.
	Discard() error
}

// IsFull reports whether err says that no room is left on the device or in the quota.
func IsFull(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, errQuota) }
