package file

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/flute-node/flute-node/internal/locks"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/names"
)

// Store is a [store.Store] below one root folder. Its methods are safe for concurrent use. Several Stores, of any
// number of processes, may share a root.
type Store struct {
	opts      Options
	path      string // of the root, absolute
	names     *names.Registry
	files     *descriptors
	folders   folders
	crossings crossings
	gate      gate
	looks     gate // at names in the root
	behind    behind
	allocate  func(file *os.File, off, n int64) error // nil: nothing is reserved while a file comes
	unsynced  atomic.Bool                             // the last sync of a folder failed
	sync      func(folder *os.File) error
	syncFile  func(file *os.File) error
	syncAway  func(file *os.File) error // of a folder on another file system, which may hang alone

	quota    *quota
	looking  locks.Locks // by the first folder of a path, in one spelling: held while somebody looks below it
	mkdir    locks.Locks // likewise: held while folders are made, until they are durable
	placing  locks.Locks // by folder: held while it is looked whether a name is free, and taken
	renewing sync.Mutex  // held while a ground is opened in the place of another
	// recovering is held over Recover and Delivered: whoever looks into what a process has left holds its lock, which
	// another call would take for that of a process that lives.
	recovering sync.Mutex

	mu     sync.Mutex
	closed bool
	ground *ground
	staged map[*object]struct{}
}

var _ store.Keeper = (*Store)(nil)

// New returns the store below the folder root with the default options.
func New(root string) (*Store, error) { return Options{}.New(root) }

// New returns the store below the folder root, which is made if it does not exist. It removes what stores of processes
// that died left staged there.
func (opts Options) New(root string) (*Store, error) {
	opts, err := opts.validated()
	if err != nil {
		return nil, fmt.Errorf("store/file: Options.%w", err)
	}
	root, err = filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("store/file: %w", err)
	}
	if opts.Stage != "" {
		if opts.Stage, err = filepath.Abs(opts.Stage); err != nil {
			return nil, fmt.Errorf("store/file: Options.Stage: %w", err)
		}
		if opts.Stage == root {
			opts.Stage = ""
		}
	}
	g, err := openGround(root, &opts)
	if err != nil {
		return nil, fmt.Errorf("store/file: %w", withInodes(err, root))
	}
	s := &Store{
		opts: opts, path: root, ground: g, staged: map[*object]struct{}{}, quota: newQuota(root, &opts),
		gate: newGate(), looks: newGate(),
	}
	s.files = newDescriptors(opts.MaxOpen)
	s.syncFile = s.gate.around((*os.File).Sync)
	s.sync, s.syncAway = s.gate.lending(syncFolder), s.gate.lending((*os.File).Sync)
	if !opts.NoSync {
		s.behind.begin = beginWriting
	}
	if !opts.Preallocate && opts.MinFree == 0 && opts.MaxBytes == 0 { // which count what is reserved, too
		s.allocate = reserveAt
	}
	if s.files.more = s.folders.closeIdle; canBeAt {
		s.folders.max = maxIdle
	}
	s.names = names.New(s.lookInTurn, foldOf(g.home.ignoresCase(), g.home.ignoresForm()))
	if err := s.tryOwner(g); err != nil {
		return nil, errors.Join(fmt.Errorf("store/file: Options.UID, GID: %w", err), s.Close())
	}
	return s, nil
}

// String returns the path of the root.
func (s *Store) String() string { return s.path }

// Create implements [store.Store]. The object has no file before its first byte.
func (s *Store) Create(size uint64) (store.Object, error) {
	if size > math.MaxInt64 {
		return nil, fmt.Errorf("store/file: object of %d bytes is too long", size)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fmt.Errorf("store/file: create: %w", store.ErrClosed)
	}
	if err := s.quota.fits(s.ground.root, size); err != nil {
		return nil, err
	}
	o := &object{store: s, size: int64(size)}
	s.staged[o] = struct{}{}
	return o, nil
}

// Publish implements [store.Store]. What can fail fails before the file gets its name, with one exception: when the
// folder cannot be synced afterwards, Publish succeeds and Options.Warn is told, since the file is there, whole and
// durable; only its name may be lost, or be the older file's again, after a loss of power. If there is a file of that
// name, Options.Existing says what follows.
func (s *Store) Publish(so store.Object, name string) (string, error) {
	path, _, err := s.PublishNoted(so, name, nil)
	return path, err
}

// PublishNoted is Publish, and Deliver of note if that can be done with less. noted reports whether it was. Receivers
// call it in the place of both: a type that embeds a Store and has a Publish or Deliver of its own needs one of its own
// as well.
func (s *Store) PublishNoted(so store.Object, name string, note []byte) (path string, noted bool, err error) {
	o, ok := so.(*object)
	if !ok || o.store != s {
		return "", false, fmt.Errorf("store/file: publish %q: object of another store", name)
	}
	if err := s.checkName(name); err != nil {
		return "", false, fmt.Errorf("store/file: publish: %w", err)
	}
	if path, noted, err = o.publish(name, note); err != nil {
		return path, false, fmt.Errorf("store/file: publish %q: %w", name, err)
	}
	return path, noted, nil
}

// checkName keeps names out of the staging folder. place finds other spellings that the file system takes for the same.
func (s *Store) checkName(name string) error {
	if err := store.CheckName(name); err != nil {
		return err
	}
	if top, _, _ := strings.Cut(name, "/"); strings.EqualFold(top, stageName) {
		return fmt.Errorf("%w: %q is reserved", store.ErrName, name)
	}
	return nil
}

// isStaging reports whether a name is the staging folder, or below it.
func (s *Store) isStaging(name string) bool {
	root := s.current().root
	top, _, _ := strings.Cut(name, "/")
	var info, stage os.FileInfo
	err := s.files.patiently(func() (err error) {
		if info, err = root.Stat(top); err == nil {
			stage, err = root.Stat(stageName)
		}
		return err
	})
	return err == nil && os.SameFile(info, stage)
}

// Close implements [store.Store]. Objects that are staged are left if they have notes, else discarded.
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
	s.recovering.Lock() // an object that is half taken over would be lost
	defer s.recovering.Unlock()
	for o := range staged {
		_ = o.Leave() // what stays and has no notes is removed with the stage
	}
	s.behind.close()
	s.folders.close()
	if err := s.ground.close(); err != nil {
		return fmt.Errorf("store/file: close: %w", err)
	}
	return nil
}

// forget takes o out of the staged objects.
func (s *Store) forget(o *object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.staged, o)
}

// warn tells Options.Warn.
func (s *Store) warn(format string, args ...any) {
	if s.opts.Warn != nil {
		s.opts.Warn("store: " + fmt.Sprintf(format, args...))
	}
}

// isGone reports an error that says that a file, or a folder on the way to it, was removed.
func isGone(err error) bool { return errors.Is(err, fs.ErrNotExist) || isStale(err) }
