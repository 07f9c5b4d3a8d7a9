package file

import (
	"os"
	"sync"
	"time"
)

const (
	// maxOpen bounds Options.MaxOpen by default: more files at once gain nothing.
	maxOpen = 4096
	// openShare is the part of the process's descriptors, one of openShare, that a Store uses by default.
	openShare = 4
	// unknownLimit stands for the process's descriptors where the system does not tell.
	unknownLimit = 2048
)

// descriptors opens the files of objects when they are used, and closes those used least recently beyond a limit. A
// file is lent to any number of callers of ReadAt and WriteAt at the same time; while an object is busy it is one
// caller's.
type descriptors struct {
	limit    int
	patience time.Duration
	more     func() // closes what else is open and not in use; may be nil

	mu      sync.Mutex
	changed *sync.Cond
	open    int    // files that are open, or being opened
	idle    object // ring of the objects whose file is open and not in use; next is the one used least recently
}

func newDescriptors(limit int) *descriptors {
	d := &descriptors{limit: limit, patience: patience}
	d.changed = sync.NewCond(&d.mu)
	d.idle.prev, d.idle.next = &d.idle, &d.idle
	return d
}

// lend returns the file of o, to be given back at once. It returns nil for an object without a file, unless make is
// set.
func (d *descriptors) lend(o *object, make bool) (*os.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for {
		switch {
		case o.spent:
			return nil, errClosed
		case o.err != nil:
			return nil, o.err
		case o.busy:
			d.changed.Wait()
		case !make && !o.made:
			return nil, nil
		case o.file != nil:
			if o.users++; o.users == 1 {
				o.unlink()
			}
			return o.file, nil
		default:
			if err := d.openNow(o); err != nil {
				return nil, err
			}
		}
	}
}

// giveBack ends a lend.
func (d *descriptors) giveBack(o *object) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if o.users--; o.users > 0 {
		return
	}
	if o.spent {
		_ = d.end(o)
		return
	}
	o.link(&d.idle)
	d.changed.Broadcast()
}

// seize waits until nobody uses o and makes it busy, with its file open. The caller must release it.
func (d *descriptors) seize(o *object) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for (o.busy || o.users > 0) && !o.spent {
		d.changed.Wait()
	}
	switch {
	case o.spent:
		return errClosed
	case o.err != nil:
		return o.err
	}
	o.busy = true
	if o.file != nil {
		o.unlink()
		return nil
	}
	defer func() {
		if o.file == nil { // also after a panic
			d.free(o)
		}
	}()
	return d.openFile(o)
}

// closed notes that the file of a busy object was closed.
func (d *descriptors) closed(o *object) {
	d.mu.Lock()
	defer d.mu.Unlock()
	o.file = nil
	d.open--
}

// release ends a seize.
func (d *descriptors) release(o *object) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.free(o)
}

// free makes o no longer busy. An object that was spent meanwhile ends.
func (d *descriptors) free(o *object) {
	if o.spent {
		_ = d.end(o)
		return
	}
	o.busy = false
	if o.file != nil {
		o.link(&d.idle)
	}
	d.changed.Broadcast()
}

// drop makes o spent. When the last one who uses it is done, its file is closed and, unless it was published or keep is
// set, removed. Only the first call counts: several may come at once, such as that of the last Work and that of Close.
func (d *descriptors) drop(o *object, keep bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if o.spent {
		return nil
	}
	o.spent, o.kept = true, keep
	d.changed.Broadcast()
	if o.busy || o.users > 0 {
		return nil
	}
	if o.file != nil {
		o.unlink()
	}
	return d.end(o)
}

// end closes and removes the file of an object that is spent, and that nobody uses any more.
func (d *descriptors) end(o *object) error {
	d.mu.Unlock()
	err := o.remove()
	d.mu.Lock()
	if o.file != nil {
		o.file = nil
		d.open--
	}
	d.changed.Broadcast()
	return err
}

// openNow opens the file of an object that nobody uses.
func (d *descriptors) openNow(o *object) error {
	o.busy = true
	defer d.free(o)
	return d.openFile(o)
}

// unlocked calls do while d.mu, which is held, is not. do may panic: Options.Warn is the application's.
func (d *descriptors) unlocked(do func() error) error {
	d.mu.Unlock()
	defer d.mu.Lock()
	return do()
}

// openFile opens the file of a busy object, as soon as the limit permits it.
func (d *descriptors) openFile(o *object) error {
	for d.open >= d.limit {
		if d.idle.next == &d.idle {
			d.changed.Wait() // all are in use by calls that end
			continue
		}
		d.park(d.idle.next)
	}
	d.open++
	defer func() {
		if o.file == nil {
			d.open--
		}
	}()
	var f *os.File
	err := d.unlocked(func() (err error) {
		f, err = o.open()
		return err
	})
	if err != nil {
		return err
	}
	o.file, o.made = f, true
	return nil
}

// park closes the file of an idle object until it is used again.
func (d *descriptors) park(o *object) {
	o.unlink()
	o.busy = true
	defer d.free(o)
	err := d.unlocked(o.closeFile)
	d.open--
	o.file = nil
	if err != nil {
		o.err = err
	}
}

// fail makes err the end of o, unless an earlier one was, and returns that.
func (d *descriptors) fail(o *object, err error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if o.err == nil {
		o.err = err
	}
	return o.err
}

// link makes o the one of the ring used most recently.
func (o *object) link(ring *object) {
	o.prev, o.next = ring.prev, ring
	o.prev.next, o.next.prev = o, o
}

func (o *object) unlink() {
	o.prev.next, o.next.prev = o.next, o.prev
	o.prev, o.next = nil, nil
}

// defaultMaxOpen is the default of Options.MaxOpen.
func defaultMaxOpen() int { return max(1, min(maxOpen, processLimit()/openShare)) }

// errClosed is the error of an object that is spent.
var errClosed = closedError(os.ErrClosed)
