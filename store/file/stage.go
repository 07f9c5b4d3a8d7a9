package file

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/flute-node/flute-node/internal/flock"
)

const (
	// stageName is the folder below the root in which all processes stage their objects.
	stageName = ".flute-node"
	lockExt   = ".lock"
	// stageTries bounds the attempts to make a stage while other processes remove theirs.
	stageTries = 100
)

// stage is the folder in which one Store stages its objects, stageName/ID, and the locked file stageName/ID.lock. The
// lock tells that the process lives. It is there before the folder, and goes after it: a folder without one is a
// leftover.
type stage struct {
	root   *os.Root
	folder string   // in root; those of other Stores are there too
	dir    string   // in root, below folder
	files  *os.Root // dir
	at     *os.File // dir; open since before anything was staged; nil: folders cannot be opened
	syncs  syncs
	lock   *os.File

	away     bool // on another file system than the root, below which it is
	reserves bool // files that come are written faster to a place that is reserved

	// turn is held while a file is made in dir or moved out of it: the kernel does so for one file of a folder at a
	// time, and spins meanwhile.
	turn sync.Mutex

	durable atomic.Bool // its own name was made durable

	delivering sync.Mutex // held over writes to deliveredName; guards the three below
	delivered  *os.File   // deliveredName; nil: not open
	noted      int64      // its bytes
	torn       bool       // its last line has no end
	lines      []byte     // memory for those that are added
}

// newStage makes a stage in a folder of root, and removes what processes that died have staged there, but for files
// with notes that opts keeps.
func newStage(root *os.Root, folder string, opts *Options) (*stage, error) {
	var err error
	for range stageTries {
		var s *stage
		if s, err = makeStage(root, folder); err == nil {
			removeLeftovers(root, folder, opts)
			return s, nil
		}
		if !errors.Is(err, errRemoved) && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return nil, err
}

// errRemoved reports that another process took the lock in the moment between its creation and its locking, and removed
// it for a leftover.
var errRemoved = errors.New("lock was removed")

func makeStage(root *os.Root, folder string) (_ *stage, err error) {
	if err := root.Mkdir(folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if info, err := root.Lstat(folder); err != nil {
		return nil, err
	} else if !info.IsDir() {
		return nil, fmt.Errorf("%s is not a folder", folder)
	}
	s := &stage{root: root, folder: folder, dir: path.Join(folder, rand.Text())}
	s.lock, err = root.OpenFile(s.dir+lockExt, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = s.lock.Close()
		}
	}()
	if locked, err := flock.Try(s.lock); err == nil && !locked {
		return nil, errRemoved // without locks, err says so, and nobody removes leftovers
	}
	mine, err := s.lock.Stat()
	if err != nil {
		return nil, err
	}
	if there, err := root.Lstat(s.dir + lockExt); err != nil || !os.SameFile(mine, there) {
		return nil, errRemoved
	}
	if err = root.Mkdir(s.dir, 0o700); err == nil {
		s.files, err = root.OpenRoot(s.dir)
	}
	if err == nil && canBeAt {
		if s.at, err = s.files.Open("."); err == nil {
			s.syncs.all = syncAllOf(s.at)
			s.reserves = isExt4(s.at)
		} else {
			_ = s.files.Close()
		}
	}
	if err != nil {
		_ = root.RemoveAll(s.dir)
		_ = root.Remove(s.dir + lockExt)
		return nil, err
	}
	return s, nil
}

// create makes a new file.
func (s *stage) create(name string, mode fs.FileMode) (*os.File, error) {
	s.turn.Lock()
	defer s.turn.Unlock()
	if s.at != nil {
		return createAt(s.at, name, mode)
	}
	return s.files.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
}

// isRemoved reports whether the stage is no longer found at its path. Its name, which nobody can guess, tells it.
func (s *stage) isRemoved() bool {
	_, err := os.Lstat(filepath.Join(s.root.Name(), filepath.FromSlash(s.dir)))
	return isGone(err)
}

// close removes the stage, but for files that were left with notes and for what is noted of published files, and the
// common folder after the last stage.
func (s *stage) close() error {
	s.delivering.Lock()
	s.closeDelivered()
	err := s.files.Close() // nothing opens deliveredName again
	s.delivering.Unlock()
	if s.at != nil {
		s.syncs.wait()
		err = errors.Join(err, s.at.Close())
	}
	if len(keptIn(s.root, s.dir)) > 0 || hasDelivered(s.root, path.Join(s.dir, deliveredName)) {
		removeUnkept(s.root, s.dir)
		return errors.Join(err, s.lock.Close())
	}
	err = errors.Join(err, s.root.RemoveAll(s.dir))
	_ = s.lock.Close() // Windows does not remove an open file
	_ = s.root.Remove(s.dir + lockExt)
	_ = s.root.Remove(s.folder) // fails while others use it
	return err
}
