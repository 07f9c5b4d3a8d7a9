package mem

import (
	"fmt"
	"io/fs"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/names"
)

// Store is a [store.Store] in memory. Its methods are safe for concurrent use.
type Store struct {
	budget *store.Budget
	names  *names.Registry

	mu      sync.Mutex
	closed  bool
	staged  map[*object]struct{}
	files   map[string]*object
	folders map[string]int // number of files below, at any depth
}

var _ store.Store = (*Store)(nil)

// New returns an empty store that is limited by the memory of the machine only.
func New() *Store { return NewWithBudget(store.NewBudget(math.MaxUint64, nil)) }

// NewWithBudget returns an empty store. What it holds, staged and published, is charged to budget.
func NewWithBudget(budget *store.Budget) *Store {
	s := &Store{budget: budget, staged: map[*object]struct{}{}, files: map[string]*object{}, folders: map[string]int{}}
	s.names = names.New(s.look, nil)
	return s
}

// Names returns the registry of the store's names; see [names.Of].
func (s *Store) Names() any { return s.names }

// look tells what is under a name.
func (s *Store) look(name string) names.Kind {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.files[name] != nil:
		return names.File
	case s.folders[name] > 0:
		return names.Folder
	}
	for dir := range parents(name) {
		if s.files[dir] != nil {
			return names.Blocked
		}
	}
	return names.Absent
}

// Create implements [store.Store].
func (s *Store) Create(size uint64) (store.Object, error) {
	if size > math.MaxInt64 {
		return nil, fmt.Errorf("store/mem: object of %d bytes is too long", size)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fmt.Errorf("store/mem: create: %w", store.ErrClosed)
	}
	o := &object{store: s, pages: map[int64][]byte{}}
	s.staged[o] = struct{}{}
	return o, nil
}

// Publish implements [store.Store]. It fails with [store.ErrBudget] when bytes that were never written, and read as
// zero, are more than the budget has left.
func (s *Store) Publish(so store.Object, name string) (string, error) {
	o, ok := so.(*object)
	if !ok || o.store != s {
		return "", fmt.Errorf("store/mem: publish %q: object of another store", name)
	}
	if err := store.CheckName(name); err != nil {
		return "", fmt.Errorf("store/mem: publish: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return "", fmt.Errorf("store/mem: publish %q: %w", name, store.ErrClosed)
	}
	if s.folders[name] > 0 {
		return "", fmt.Errorf("store/mem: publish: %w: %q is a folder", store.ErrName, name)
	}
	for dir := range parents(name) {
		if s.files[dir] != nil {
			return "", fmt.Errorf("store/mem: publish %q: %w: %q is a file, not a folder", name, store.ErrName, dir)
		}
	}
	if err := o.publish(); err != nil {
		return "", fmt.Errorf("store/mem: publish %q: %w", name, err)
	}
	delete(s.staged, o)
	s.remove(name)
	s.files[name] = o
	for dir := range parents(name) {
		s.folders[dir]++
	}
	return name, nil
}

// Get returns a copy of the file that was published under name.
func (s *Store) Get(name string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.files[name]
	if o == nil {
		return nil, false
	}
	return o.bytes(), true
}

// Files returns the names of all published files, sorted.
func (s *Store) Files() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.files))
}

// Staged returns the number of objects that are neither published nor discarded.
func (s *Store) Staged() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.staged)
}

// Take is Get, after which the store forgets the file.
func (s *Store) Take(name string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.files[name]
	if o == nil {
		return nil, false
	}
	b := o.bytes()
	s.remove(name)
	return b, true
}

// ReadAt copies bytes of the file that was published under name, from off on, as an [io.ReaderAt] of it would. size is
// the length of the file. It wraps [fs.ErrNotExist] if there is no such file.
func (s *Store) ReadAt(name string, p []byte, off int64) (n int, size uint64, err error) {
	s.mu.Lock()
	o := s.files[name]
	s.mu.Unlock()
	if o == nil {
		return 0, 0, fmt.Errorf("store/mem: read %q: %w", name, fs.ErrNotExist)
	}
	return o.readPublished(p, off)
}

// Move copies the file that was published under name to p, and forgets it. One that is longer than p stays, and nothing
// is copied. size is the length of the file. It wraps [fs.ErrNotExist] if there is no such file.
func (s *Store) Move(name string, p []byte) (moved bool, size uint64, err error) {
	s.mu.Lock()
	o := s.files[name]
	if o == nil {
		s.mu.Unlock()
		return false, 0, fmt.Errorf("store/mem: move %q: %w", name, fs.ErrNotExist)
	}
	if size = uint64(o.length()); size > uint64(len(p)) {
		s.mu.Unlock()
		return false, size, nil
	}
	s.unlink(name)
	s.mu.Unlock()
	defer o.free(published)
	_, _, err = o.readPublished(p[:size], 0)
	return err == nil, size, err
}

// Remove forgets the file of that name, and reports whether there was one.
func (s *Store) Remove(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.files[name] != nil
	s.remove(name)
	return was
}

// remove frees the file of that name, if there is one.
func (s *Store) remove(name string) {
	if o := s.files[name]; o != nil {
		s.unlink(name)
		o.free(published)
	}
}

// unlink takes the file of that name, which is there, out of the store.
func (s *Store) unlink(name string) {
	delete(s.files, name)
	for dir := range parents(name) {
		if s.folders[dir]--; s.folders[dir] == 0 {
			delete(s.folders, dir)
		}
	}
}

// Close implements [store.Store]. Published files can still be read.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for o := range s.staged {
		o.free(staged)
	}
	clear(s.staged)
	return nil
}

// discard frees o if it is staged.
func (s *Store) discard(o *object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.staged[o]; ok {
		delete(s.staged, o)
		o.free(staged)
	}
}

// parents yields the folders that name lies in, the outermost first.
func parents(name string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for i, c := range []byte(name) {
			if c == '/' && !yield(strings.Clone(name[:i])) {
				return
			}
		}
	}
}
