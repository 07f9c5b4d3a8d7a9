package file

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"strings"
	"sync"

	"github.com/flute-node/flute-node/store"
)

// Options configures a Store. The zero value is the default.
type Options struct {
	// NoSync leaves it to the operating system when files reach the disk. Publication stays atomic for other processes,
	// but after a loss of power published files may be empty or missing.
	NoSync bool
	// FileMode and DirMode are the permissions of published files and of new folders, less the umask. Zero is 0666 and
	// 0777. The staging folder is 0700 in any case.
	FileMode, DirMode fs.FileMode
}

// Store is a store.Store below one root folder. Its methods are safe for concurrent use. Several Stores, of any number
// of processes, may share a root.
type Store struct {
	opts  Options
	root  *os.Root
	stage *stage
	names *store.Names

	mkdir sync.Mutex // held while folders are made, until they are durable

	mu     sync.Mutex
	closed bool
	staged map[*object]struct{}
}

var _ store.Store = (*Store)(nil)

// New returns the store below the folder root with the default options.
func New(root string) (*Store, error) { return Options{}.New(root) }

// New returns the store below the folder root, which is made if it does not exist. It removes what stores of processes
// that died left staged there.
func (opts Options) New(root string) (*Store, error) {
	if opts.FileMode == 0 {
		opts.FileMode = 0o666
	}
	if opts.DirMode == 0 {
		opts.DirMode = 0o777
	}
	if err := os.MkdirAll(root, opts.DirMode); err != nil {
		return nil, fmt.Errorf("store/file: %w", err)
	}
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, fmt.Errorf("store/file: %w", err)
	}
	st, err := newStage(r)
	if err != nil {
		_ = r.Close()
		return nil, fmt.Errorf("store/file: staging below %s: %w", root, err)
	}
	s := &Store{opts: opts, root: r, stage: st, staged: map[*object]struct{}{}}
	fold := func(name string) string { return name }
	if st.ignoresCase() {
		fold = foldCase
	}
	s.names = store.NewNames(s.look, fold)
	return s, nil
}

// Create implements store.Store.
func (s *Store) Create(size uint64) (store.Object, error) {
	if size > math.MaxInt64 {
		return nil, fmt.Errorf("store/file: object of %d bytes is too long", size)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fmt.Errorf("store/file: create: %w", store.ErrClosed)
	}
	name := path.Join(s.stage.dir, rand.Text())
	f, err := s.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, s.opts.FileMode)
	if err != nil {
		return nil, fmt.Errorf("store/file: create: %w", err)
	}
	o := &object{store: s, file: f, name: name}
	s.staged[o] = struct{}{}
	return o, nil
}

// Publish implements store.Store. When the very last step fails, which makes the folder durable, the file is visible
// though Publish returns the error.
func (s *Store) Publish(so store.Object, name string) (string, error) {
	o, ok := so.(*object)
	if !ok || o.store != s {
		return "", fmt.Errorf("store/file: publish %q: object of another store", name)
	}
	if err := s.checkName(name); err != nil {
		return "", fmt.Errorf("store/file: publish: %w", err)
	}
	if err := o.publish(name); err != nil {
		return "", fmt.Errorf("store/file: publish %q: %w", name, err)
	}
	return name, nil
}

// checkName keeps names out of the staging folder, in whatever spelling the file system takes for the same.
func (s *Store) checkName(name string) error {
	if err := store.CheckName(name); err != nil {
		return err
	}
	top, _, _ := strings.Cut(name, "/")
	reserved := strings.EqualFold(top, stageName)
	if info, err := s.root.Stat(top); err == nil && !reserved {
		stage, err := s.root.Stat(stageName)
		reserved = err == nil && os.SameFile(info, stage)
	}
	if reserved {
		return fmt.Errorf("%w: %q is reserved", store.ErrName, name)
	}
	return nil
}

// place moves the staged file from to its name.
func (s *Store) place(from, name string) error {
	dir := path.Dir(name)
	if err := s.makeFolders(dir); err != nil {
		return err
	}
	if info, err := s.root.Lstat(name); err == nil && info.IsDir() {
		return fmt.Errorf("%w: %q is a folder", store.ErrName, name)
	}
	if err := s.root.Rename(from, name); err != nil {
		return nameError(err)
	}
	return nil
}

// makeFolders makes dir and the folders above it, and makes them durable.
func (s *Store) makeFolders(dir string) error {
	s.mkdir.Lock()
	defer s.mkdir.Unlock()
	if info, err := s.root.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	for i := 0; i <= len(dir); i++ {
		if i < len(dir) && dir[i] != '/' {
			continue
		}
		d := dir[:i]
		err := s.root.Mkdir(d, s.opts.DirMode)
		switch {
		case err == nil:
			if err := s.syncFolder(path.Dir(d)); err != nil {
				return err
			}
		case errors.Is(err, fs.ErrExist):
			info, err := s.root.Stat(d)
			if err != nil {
				return err
			}
			if !info.IsDir() {
				return fmt.Errorf("%w: %q is a file, not a folder", store.ErrName, d)
			}
		default:
			return nameError(err)
		}
	}
	return nil
}

// syncFolder makes the entries of a folder durable.
func (s *Store) syncFolder(dir string) error {
	if s.opts.NoSync || !foldersSync {
		return nil
	}
	f, err := s.root.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	if err := f.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !isInvalid(err) {
		return err
	}
	return nil
}

// Close implements store.Store. Objects that are staged are discarded.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	staged := s.staged
	s.staged = nil
	s.mu.Unlock()
	for o := range staged {
		o.close()
	}
	err := errors.Join(s.stage.close(), s.root.Close())
	if err != nil {
		return fmt.Errorf("store/file: close: %w", err)
	}
	return nil
}
