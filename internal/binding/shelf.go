package binding

import (
	"errors"
	"io"
	"io/fs"

	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/mem"
)

// defaultMemory bounds what is received, with the files that wait in memory for the program, in bytes.
const defaultMemory = 1 << 30

// Shelf is the files that were received into memory, by their paths, until the program drops them. It is safe for
// concurrent use. A nil Shelf has none.
type Shelf struct{ files *mem.Store }

func newShelf(budget *store.Budget) *Shelf { return &Shelf{files: mem.NewWithBudget(budget)} }

// ReadAt copies bytes of a file into buf, from off on, and returns how many, and the length of the file.
func (s *Shelf) ReadAt(path string, buf []byte, off int64) (n int, size uint64, err error) {
	if s == nil {
		return 0, 0, Wrong("files are received into a folder: path %s is there", quote(path))
	}
	n, size, err = s.files.ReadAt(path, buf, off)
	switch {
	case errors.Is(err, io.EOF):
		return n, size, nil
	case errors.Is(err, fs.ErrNotExist):
		return 0, 0, errNotFound
	}
	return n, size, err
}

// Take copies a file into buf, forgets it, and returns its length. One that is longer than buf stays: the error is
// that of Space then.
func (s *Shelf) Take(path string, buf []byte) (size uint64, err error) {
	if s == nil {
		return 0, Wrong("files are received into a folder: path %s is there", quote(path))
	}
	moved, size, err := s.files.Move(path, buf)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, errNotFound
	case err == nil && !moved:
		return size, errSpace
	}
	return size, err
}

// Drop forgets a file.
func (s *Shelf) Drop(path string) error {
	if s == nil || !s.files.Remove(path) {
		return errNotFound
	}
	return nil
}
