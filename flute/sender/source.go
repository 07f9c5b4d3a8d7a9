package sender

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// Source is content that may change between two transfers, such as a file in a file system. It is opened by Prepare,
// and again for each transfer. Its method is safe for concurrent use.
type Source interface {
	// Open opens the content as it is now.
	Open() (Opened, error)
}

// Opened is the content of a Source from Open to Close. It need not be safe for concurrent use.
type Opened interface {
	io.ReaderAt
	io.Closer
	// Version says which version of the content is open, and whether it was changed since in place: as long as Version
	// returns the same, ReadAt has read the same bytes.
	Version() (Version, error)
}

// Version tells two states of a Source apart.
type Version struct {
	Size uint64 // bytes
	Tag  string // differs where the bytes may differ, such as the identity of a file and the time of its last change
}

// errChanged is wrapped by the errors about a Source that changes while it is read. They wrap errSource too.
var errChanged = errors.New("sender: content changed")

// changedWhile is the error for content that changed during what it says.
type changedWhile string

// Error implements error.
func (c changedWhile) Error() string { return errChanged.Error() + " while it was " + string(c) }

// Is makes it both an errChanged and an errSource.
func (c changedWhile) Is(target error) bool { return target == errChanged || target == errSource }

const (
	// prepareTries is how often Prepare reads a Source that changes while it is read.
	prepareTries = 3
	// versionInterval is how often a session looks whether the content that it sends has changed: what it sends from
	// then on is of no use to anybody.
	versionInterval = time.Second
)

// openVersion opens src and says which version that is. The error wraps errSource.
func openVersion(src Source) (Opened, Version, error) {
	r, err := src.Open()
	if err != nil {
		return nil, Version{}, fmt.Errorf("%w: %w", errSource, err)
	}
	told := false
	defer func() {
		if !told { // also when Version panics: it is the application's
			_ = r.Close()
		}
	}()
	v, err := r.Version()
	if err != nil {
		return nil, Version{}, fmt.Errorf("%w: %w", errSource, err)
	}
	told = true
	return r, v, nil
}

// isVersion reports whether r is still at version v.
func isVersion(r Opened, v Version) bool {
	now, err := r.Version()
	return err == nil && now == v
}
