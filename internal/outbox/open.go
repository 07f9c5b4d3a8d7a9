package outbox

import (
	"errors"
	"fmt"
	"os"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/flute-node/flute-node/internal/flock"
)

var (
	// errInUse tells of a file that another process has open.
	errInUse = errors.New("another process has it")
	// errUnreadable tells of a file that the disk does not give back: now, or never again.
	errUnreadable = errors.New("the disk does not give it back")
)

// lockBeside locks the outbox as long as the file that it returns is open. The lock of the library is on the file of
// the outbox, and goes away with it when a damaged one is put aside: of two processes that find the damage, the second
// one would put aside what the first one has begun anew.
func lockBeside(path string) (*os.File, error) {
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	locked, err := flock.Try(f)
	for waited := time.Duration(0); !locked && err == nil; waited += lockPause {
		if waited >= lockPatience {
			err = errInUse
			break
		}
		time.Sleep(lockPause)
		locked, err = flock.Try(f)
	}
	if locked || errors.Is(err, errors.ErrUnsupported) { // without locks there is that of the library
		return f, nil
	}
	return nil, errors.Join(err, f.Close())
}

// loadPatiently is load. A file that the disk does not give back is read again: an error that passes, as of a cable or
// of a network, does not have what waits put aside.
func (d *disk) loadPatiently(path string, read func(tx *bolt.Tx) error) (err error) {
	pause := readPause
	for range readTries - 1 {
		if err = d.load(path, read); !errors.Is(err, errUnreadable) {
			return err
		}
		time.Sleep(pause)
		pause *= 2
	}
	return d.load(path, read)
}

// openFile opens the file for the library.
func (d *disk) openFile(path string, flag int, mode os.FileMode) (f *os.File, err error) {
	if d.flags != nil {
		flag = d.flags(flag)
	}
	d.bolt, err = os.OpenFile(path, flag, mode)
	return d.bolt, err
}

// refused returns what the library says of a file whose pages are sound. It says of a file that it cannot read that it
// is none.
func refused(err error) error {
	if isDamage(err) && !errors.Is(err, errUnreadable) {
		return unreadable("the library", err)
	}
	return err
}

// close closes the file, and lets another process have it.
func (d *disk) close() error { return errors.Join(d.db.Close(), d.lock.Close()) }

// unreadable returns an error that wraps errUnreadable.
func unreadable(what string, err error) error {
	return fmt.Errorf("%w: %s: %w", errUnreadable, what, err)
}
