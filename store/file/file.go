package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/flute-node/flute-node/store"
)

// staging is where objects without a name are, below the root.
const staging = ".flute-node"

// Store implements store.Store. All methods are safe for concurrent use.
type Store struct {
	root *os.Root
	dir  string // staging folder of this Store, relative to the root
	lock *os.File

	mu      sync.Mutex
	next    uint64
	objects map[*object]struct{}
	closed  bool
}

var _ store.Store = (*Store)(nil)

// New opens the folder dir, which is made if it does not exist. What an earlier process left staged there is removed,
// unless that process still runs.
func New(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("file: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("file: %w", err)
	}
	s := &Store{root: root, objects: map[*object]struct{}{}}
	if err := s.stage(); err != nil {
		return nil, errors.Join(fmt.Errorf("file: %s: %w", dir, err), root.Close())
	}
	return s, nil
}

// stage makes this Store's own staging folder and locks it, and removes those that nobody holds any more.
func (s *Store) stage() error {
	if err := s.root.Mkdir(staging, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	s.sweep()
	for i := 0; ; i++ {
		s.dir = path.Join(staging, strconv.Itoa(os.Getpid())+"-"+strconv.Itoa(i))
		err := s.root.Mkdir(s.dir, 0o700)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	var err error
	if s.lock, err = s.root.OpenFile(path.Join(s.dir, "lock"), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600); err != nil {
		return err
	}
	return lockFile(s.lock)
}

// sweep removes the staging folders of processes that have ended. What cannot be removed stays: it takes room, and does
// no harm.
func (s *Store) sweep() {
	folders, err := fs.ReadDir(s.root.FS(), staging)
	if err != nil {
		return
	}
	for _, d := range folders {
		dir := path.Join(staging, d.Name())
		lock, err := s.root.OpenFile(path.Join(dir, "lock"), os.O_RDWR, 0)
		if errors.Is(err, fs.ErrNotExist) && !strings.HasPrefix(d.Name(), strconv.Itoa(os.Getpid())+"-") {
			_ = s.root.RemoveAll(dir)
			continue
		}
		if err != nil {
			continue
		}
		if lockFile(lock) == nil {
			_ = s.root.RemoveAll(dir)
		}
		_ = lock.Close()
	}
}

// Create implements store.Store. The file is sparse: only what is written takes room.
func (s *Store) Create(uint64) (store.Object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, store.ErrClosed
	}
	s.next++
	name := path.Join(s.dir, strconv.FormatUint(s.next, 10)+".part")
	f, err := s.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o666)
	if err != nil {
		return nil, fmt.Errorf("file: %w", err)
	}
	o := &object{File: f, store: s, name: name}
	s.objects[o] = struct{}{}
	return o, nil
}

// Publish implements store.Store.
func (s *Store) Publish(ob store.Object, name string) (string, error) {
	o, ok := ob.(*object)
	if !ok || o.store != s {
		return "", fmt.Errorf("file: %w: object of another store", store.ErrName)
	}
	if !fs.ValidPath(name) || name == "." || name == staging || strings.HasPrefix(name, staging+"/") {
		return "", fmt.Errorf("file: %w: %q", store.ErrName, name)
	}
	if err := o.Sync(); err != nil {
		return "", fmt.Errorf("file: %w", err)
	}
	parent := path.Dir(name)
	if err := s.makeParents(parent); err != nil {
		return "", err
	}
	if info, err := s.root.Lstat(name); err == nil && info.IsDir() {
		return "", fmt.Errorf("file: %w: %q is a folder", store.ErrName, name)
	}
	if err := s.root.Rename(o.name, name); err != nil {
		return "", fmt.Errorf("file: %w", err)
	}
	s.forget(o)
	// The bytes are safe and the name is there; an error of Close could only be about what Sync has done already.
	_ = o.File.Close()
	return name, s.syncDir(parent)
}

// makeParents makes the folders above a name. A file in their place is an error of the name, not of the disk.
func (s *Store) makeParents(parent string) error {
	if parent == "." {
		return nil
	}
	if err := s.root.MkdirAll(parent, 0o777); err != nil {
		for p := parent; p != "."; p = path.Dir(p) {
			if info, e := s.root.Stat(p); e == nil && !info.IsDir() {
				return fmt.Errorf("file: %w: %q is a file", store.ErrName, p)
			}
		}
		return fmt.Errorf("file: %w", err)
	}
	// Each new folder is an entry of the one above it, up to the root.
	for p := path.Dir(parent); ; p = path.Dir(p) {
		if err := s.syncDir(p); err != nil {
			return err
		}
		if p == "." {
			return nil
		}
	}
}

// Close implements store.Store.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	objects := s.objects
	s.objects = nil
	s.mu.Unlock()
	var errs []error
	for o := range objects {
		errs = append(errs, o.File.Close())
	}
	errs = append(errs, s.lock.Close(), s.root.RemoveAll(s.dir))
	_ = s.root.Remove(staging) // only if no other Store has something in it
	return errors.Join(append(errs, s.root.Close())...)
}

// forget takes o off the list of staged objects, and reports whether it was on it.
func (s *Store) forget(o *object) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.objects[o]
	delete(s.objects, o)
	return ok
}

// object is a staged file.
type object struct {
	*os.File
	store *Store
	name  string // relative to the root
}

// Discard implements store.Object.
func (o *object) Discard() error {
	if !o.store.forget(o) {
		return nil
	}
	return errors.Join(o.File.Close(), o.store.root.Remove(o.name))
}
