package file

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"

	"github.com/flute-node/flute-node/store"
)

// object is a file in the staging folder: made with its first byte, and open only while it is used, or was used lately.
type object struct {
	store *Store
	size  int64 // that it is expected to have

	// Guarded by descriptors.mu.
	file       *os.File // nil: not open
	users      int      // number of calls that use file
	busy       bool     // one caller has the object to itself
	made       bool     // the file exists
	spent      bool     // published or discarded
	err        error    // sticks: bytes are lost, and the next sync would report success all the same
	prev, next *object  // in the ring of idle objects

	// Of the caller that made it busy.
	ground *ground // that the file is staged on; nil: none
	name   string  // in the stage

	growing sync.Mutex
	grown   int64 // the highest byte written; guarded by growing

	reserved reserved // guarded by growing

	unasked extent // guarded by behind.mu

	publishing atomic.Bool // Publish was called

	noting sync.Mutex // held while notes are written; who has it never waits for the file: lend comes before
	noted  bool       // there are notes; guarded by noting
	lost   bool       // there were: they went with a staged file that was removed; guarded by noting
	kept   bool       // it stays, if there are notes, now that it is spent; guarded by descriptors.mu
}

// ReadAt implements [io.ReaderAt].
func (o *object) ReadAt(p []byte, off int64) (int, error) {
	f, err := o.store.files.lend(o, false)
	if err != nil {
		return 0, err
	}
	if f == nil {
		return 0, io.EOF
	}
	defer o.store.files.giveBack(o)
	o.store.gate.enter()
	defer o.store.gate.leave()
	return f.ReadAt(p, off)
}

// grow takes the place for what is to be written up to end.
func (o *object) grow(end int64) error {
	o.growing.Lock()
	defer o.growing.Unlock()
	if end <= o.grown {
		return nil
	}
	if err := o.store.quota.grow(o.store.current().root, uint64(end-o.grown)); err != nil {
		return err
	}
	o.grown = end
	return nil
}

// shrink gives back what grow took.
func (o *object) shrink() {
	o.growing.Lock()
	defer o.growing.Unlock()
	o.store.quota.shrink(uint64(o.grown))
	o.grown = 0
}

// WriteAt implements [io.WriterAt].
func (o *object) WriteAt(p []byte, off int64) (int, error) {
	return o.write(off, int64(len(p)), func(f *os.File) (int, error) { return f.WriteAt(p, off) })
}

// write has do write size bytes at off.
func (o *object) write(off, size int64, do func(f *os.File) (int, error)) (int, error) {
	f, err := o.store.files.lend(o, true)
	if err != nil {
		return 0, err
	}
	defer o.store.files.giveBack(o)
	if err := o.grow(off + size); err != nil {
		return 0, err
	}
	o.reserve(f, off+size, size)
	n, err := o.store.writeFile(f, do)
	o.store.behind.wrote(o, off, int64(n))
	return n, err
}

// Truncate implements [store.Object].
func (o *object) Truncate(size int64) error {
	f, err := o.store.files.lend(o, true)
	if err != nil {
		return err
	}
	defer o.store.files.giveBack(o)
	return f.Truncate(size)
}

// Sync implements [store.Object].
func (o *object) Sync() error {
	f, err := o.store.files.lend(o, true)
	if err != nil {
		return err
	}
	defer o.store.files.giveBack(o)
	if err := o.store.syncFile(f); err != nil {
		return o.store.files.fail(o, err)
	}
	return nil
}

// Discard implements [store.Object].
func (o *object) Discard() error {
	o.store.forget(o)
	if err := o.store.files.drop(o, false); err != nil {
		return fmt.Errorf("store/file: discard: %w", err)
	}
	return nil
}

// The methods below are for the caller that made o busy.

// open opens the file, which is made if need be.
func (o *object) open() (f *os.File, err error) {
	s := o.store
	err = s.files.patiently(func() error {
		if o.ground == nil {
			var g *ground
			if f, o.name, g, err = s.makeFile(); err != nil {
				return err
			}
			if s.opts.Preallocate && o.size > 0 {
				if err := allocate(f, o.size); err != nil {
					return errors.Join(fmt.Errorf("reserving %d bytes: %w", o.size, err), f.Close(),
						g.stage.files.Remove(o.name))
				}
			}
			s.settle(o, g)
			return nil
		}
		f, err = o.ground.stage.files.OpenFile(o.name, os.O_RDWR, 0)
		return err
	})
	if isGone(err) && o.ground != nil {
		return nil, s.files.fail(o, fmt.Errorf("store/file: the staged file was removed: %w", err))
	}
	if err != nil {
		return nil, fmt.Errorf("store/file: %w", closedError(err))
	}
	return f, nil
}

// closeFile closes the file so that open finds it again: a file that a cleaner has removed is copied before.
func (o *object) closeFile() error {
	if isUnlinked(o.file) {
		if err := o.copyFile(); err != nil {
			return err
		}
	}
	return o.file.Close()
}

// copyFile copies the file, which is not where it was staged, to the current ground.
func (o *object) copyFile() error {
	s := o.store
	var to *os.File
	var name string
	var g *ground
	err := s.files.patiently(func() (err error) {
		to, name, g, err = s.makeFile()
		return err
	})
	if err != nil {
		return err
	}
	if _, err = o.file.Seek(0, io.SeekStart); err == nil {
		_, err = io.Copy(to, o.file)
	}
	if err != nil {
		_ = to.Close()
		_ = g.stage.files.Remove(name)
		return fmt.Errorf("copying a staged file that was removed: %w", err)
	}
	_ = o.file.Close() // read only since it was synced or removed
	_ = o.ground.stage.files.Remove(o.name)
	_ = o.ground.stage.files.Remove(o.name + noteExt)
	s.settle(o, g)
	o.file, o.name = to, name
	o.noting.Lock()
	defer o.noting.Unlock()
	o.noted, o.lost = false, o.lost || o.noted
	return nil
}

// remove closes the file, and removes it if it is staged.
func (o *object) remove() error {
	o.shrink()
	keep := o.kept && o.hasNotes() // also those of a Note that was under way when Leave was called
	if o.file != nil && keep {
		_ = o.trim() // it may be long until it is wanted, or never
	}
	if o.file != nil {
		_ = o.file.Close() // what was written is not wanted
	}
	if o.ground == nil {
		return nil
	}
	if keep {
		o.store.settle(o, nil)
		return nil
	}
	err := o.ground.stage.files.Remove(o.name)
	_ = o.ground.stage.files.Remove(o.name + noteExt) // after the file: notes alone tell of nothing
	o.store.settle(o, nil)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, os.ErrClosed) { // a cleaner, or the store's Close, was faster
		return nil
	}
	return err
}

// closedError makes a closed file a closed object.
func closedError(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("store/file: %w", store.ErrClosed)
	}
	return err
}
