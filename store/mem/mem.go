// Package mem is a store.Store in memory, for tests and for programs that want the bytes and no files.
//
// # Limitations
//
// Objects are not charged to any budget: their memory grows with what is written.
package mem

import (
	"bytes"
	"io"
	"maps"
	"slices"
	"sync"

	"github.com/flute-node/flute-node/store"
)

// Store implements store.Store. Make it with New. All methods are safe for concurrent use.
type Store struct {
	mu    sync.Mutex
	files map[string][]byte
}

var _ store.Store = (*Store)(nil)

// New returns an empty Store.
func New() *Store { return &Store{files: map[string][]byte{}} }

// Create implements store.Store.
func (s *Store) Create(uint64) (store.Object, error) { return &object{}, nil }

// Publish implements store.Store.
func (s *Store) Publish(o store.Object, name string) (string, error) {
	ob, ok := o.(*object)
	if !ok {
		return "", store.ErrClosed
	}
	ob.mu.Lock()
	b := ob.bytes
	ob.bytes = nil
	ob.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[name] = b
	return name, nil
}

// Close implements store.Store. What was published stays.
func (s *Store) Close() error { return nil }

// Get returns a copy of the file with the given name, and whether it was published.
func (s *Store) Get(name string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.files[name]
	return bytes.Clone(b), ok
}

// Take is Get without the copy; the Store forgets the file.
func (s *Store) Take(name string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.files[name]
	delete(s.files, name)
	return b, ok
}

// Names returns the names of all published files, sorted.
func (s *Store) Names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.files))
}

// object grows with what is written.
type object struct {
	mu    sync.RWMutex
	bytes []byte
}

// ReadAt implements io.ReaderAt.
func (o *object) ReadAt(p []byte, off int64) (int, error) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	if off >= int64(len(o.bytes)) {
		return 0, io.EOF
	}
	n := copy(p, o.bytes[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt implements io.WriterAt.
func (o *object) WriteAt(p []byte, off int64) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if grow := off + int64(len(p)) - int64(len(o.bytes)); grow > 0 {
		o.bytes = append(o.bytes, make([]byte, grow)...)
	}
	return copy(o.bytes[off:], p), nil
}

// Truncate implements store.Object.
func (o *object) Truncate(size int64) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if size <= int64(len(o.bytes)) {
		o.bytes = o.bytes[:size]
	} else {
		o.bytes = append(o.bytes, make([]byte, size-int64(len(o.bytes)))...)
	}
	return nil
}

// Sync implements store.Object.
func (o *object) Sync() error { return nil }

// Discard implements store.Object.
func (o *object) Discard() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.bytes = nil
	return nil
}
