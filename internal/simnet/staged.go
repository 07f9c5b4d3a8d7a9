package simnet

import (
	"bytes"
	"fmt"
	"io"
	"syscall"

	"github.com/flute-node/flute-node/store"
)

// maxFile is the largest file, in bytes: files are in memory, and have no holes.
const maxFile = 64 << 20

// staged is an object of a Mount.
type staged struct {
	disk   *Disk
	number int

	mount *Mount // nil: it was published or discarded, or its process has died; guarded by disk.mu, as all below
	file  *diskFile
	notes []byte // nil: none
}

// begin begins a call, as Mount.begin does.
func (o *staged) begin(writes bool) error {
	d := o.disk
	d.mu.Lock()
	err := o.isOver()
	if err == nil {
		if err = d.fault(writes); err == nil {
			err = o.isOver() // it may have been slow
		}
	}
	if err != nil {
		d.mu.Unlock()
	}
	return err
}

func (o *staged) isOver() error {
	if o.mount == nil {
		return store.ErrClosed
	}
	return o.mount.isOver()
}

// isLast reports whether the write that comes now is the last one of the process: then the process is killed.
func (o *staged) isLast() bool {
	d := o.disk
	if d.writes == 0 {
		return false
	}
	if d.writes--; d.writes > 0 {
		return false
	}
	o.mount.kill()
	return true
}

// ReadAt implements [io.ReaderAt].
func (o *staged) ReadAt(p []byte, off int64) (int, error) {
	if err := o.begin(false); err != nil {
		return 0, fmt.Errorf("simnet: read: %w", err)
	}
	defer o.disk.mu.Unlock()
	if off < 0 {
		return 0, fmt.Errorf("simnet: read at %d: %w", off, syscall.EINVAL)
	}
	if off >= int64(len(o.file.data)) {
		if len(p) == 0 {
			return 0, nil
		}
		return 0, io.EOF
	}
	n := copy(p, o.file.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt implements [io.WriterAt].
func (o *staged) WriteAt(p []byte, off int64) (int, error) {
	if err := o.begin(true); err != nil {
		return 0, fmt.Errorf("simnet: write: %w", err)
	}
	d := o.disk
	defer d.mu.Unlock()
	if off < 0 || off > maxFile-int64(len(p)) {
		return 0, fmt.Errorf("simnet: write %d bytes at %d: %w", len(p), off, syscall.EFBIG)
	}
	d.stats.Writes++
	w := diskWrite{off: off, data: bytes.Clone(p), size: -1}
	if o.isLast() {
		w.data = w.data[:d.rng.IntN(len(w.data)+1)]
		o.file.write(w)
		return len(w.data), ErrKilled
	}
	o.file.write(w)
	return len(p), nil
}

// Truncate implements [store.Object].
func (o *staged) Truncate(size int64) error {
	if err := o.begin(false); err != nil {
		return fmt.Errorf("simnet: truncate: %w", err)
	}
	defer o.disk.mu.Unlock()
	if size < 0 || size > maxFile {
		return fmt.Errorf("simnet: truncate to %d: %w", size, syscall.EFBIG)
	}
	o.file.write(diskWrite{size: size})
	return nil
}

// Sync implements [store.Object].
func (o *staged) Sync() error {
	if err := o.begin(false); err != nil {
		return fmt.Errorf("simnet: sync: %w", err)
	}
	defer o.disk.mu.Unlock()
	o.sync()
	return nil
}

func (o *staged) sync() {
	o.disk.stats.Syncs++
	if !o.disk.faults.Lies {
		o.file.sync()
	}
}

// Discard implements [store.Object].
func (o *staged) Discard() error {
	o.disk.mu.Lock()
	defer o.disk.mu.Unlock()
	if o.mount != nil {
		delete(o.mount.staged, o)
		o.mount = nil
	}
	return nil
}

// Note does what [store.Keeper] says.
func (o *staged) Note(p []byte, anew bool) error {
	if err := o.begin(true); err != nil {
		return fmt.Errorf("simnet: note: %w", err)
	}
	d := o.disk
	defer d.mu.Unlock()
	d.stats.Notes++
	o.sync()
	anew = anew || o.notes == nil
	if o.isLast() {
		if !anew {
			o.notes = append(o.notes, p[:d.rng.IntN(len(p)+1)]...)
		}
		return ErrKilled
	}
	if anew {
		o.notes = []byte{}
	}
	o.notes = append(o.notes, p...)
	return nil
}

// Leave does what [store.Keeper] says.
func (o *staged) Leave() error {
	d := o.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case o.mount == nil:
	case o.notes == nil:
		delete(o.mount.staged, o)
		o.mount = nil
	default:
		o.mount.leave(o)
	}
	return nil
}
