package file

import (
	"errors"
	"fmt"
	"os"
	"path"
	"sync"

	"github.com/flute-node/flute-node/store"
)

// object is a file in the staging folder.
type object struct {
	store *Store
	file  *os.File
	name  string // in the root, while it is staged

	mu     sync.Mutex
	sealed bool  // synced and closed, on the way to its name
	spent  bool  // published or discarded
	err    error // of a sync: sticks, for the next one would report success without the bytes being there
}

// ReadAt implements io.ReaderAt.
func (o *object) ReadAt(p []byte, off int64) (int, error) {
	n, err := o.file.ReadAt(p, off)
	return n, closedError(err)
}

// WriteAt implements io.WriterAt.
func (o *object) WriteAt(p []byte, off int64) (int, error) {
	n, err := o.file.WriteAt(p, off)
	return n, closedError(err)
}

// Truncate implements store.Object.
func (o *object) Truncate(size int64) error { return closedError(o.file.Truncate(size)) }

// Sync implements store.Object.
func (o *object) Sync() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.sync()
}

// sync is Sync for a caller that holds mu.
func (o *object) sync() error {
	if o.err == nil {
		o.err = closedError(o.file.Sync())
	}
	return o.err
}

// publish gives the object its name. A file that is closed first cannot be changed through o once it is visible; Windows
// would not rename it otherwise.
func (o *object) publish(name string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.spent {
		return store.ErrClosed
	}
	if err := o.seal(); err != nil {
		return err
	}
	if err := o.store.place(o.name, name); err != nil {
		return err
	}
	o.spent = true
	o.store.forget(o)
	return o.store.syncFolder(path.Dir(name))
}

// seal makes the bytes durable and closes the file, once.
func (o *object) seal() error {
	if o.sealed || o.err != nil {
		return o.err
	}
	if !o.store.opts.NoSync {
		if err := o.sync(); err != nil {
			return err
		}
	}
	// NFS reports here what could not be written.
	o.err = closedError(o.file.Close())
	o.sealed = o.err == nil
	return o.err
}

// Discard implements store.Object.
func (o *object) Discard() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.spent {
		return nil
	}
	o.spent = true
	o.close()
	if !o.store.forget(o) {
		return nil // the store is closed and has removed it
	}
	if err := o.store.root.Remove(o.name); err != nil {
		return fmt.Errorf("store/file: discard: %w", err)
	}
	return nil
}

// close frees the descriptor. What was written is not wanted, so neither are its errors.
func (o *object) close() { _ = o.file.Close() }

// forget takes o out of the staged objects, and reports whether it was one.
func (s *Store) forget(o *object) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.staged[o]
	delete(s.staged, o)
	return ok
}

// closedError makes a closed file a closed object.
func closedError(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("store/file: %w", store.ErrClosed)
	}
	return err
}
