package file

import (
	"os"
	"sync"
	"time"
)

// behindBytes is how many bytes of an object are written until the system is asked to write them out: large enough for
// a disk to take them in one go, small next to what a disk takes in the moment that a sync may last.
const behindBytes = 8 << 20

// behind has the system write out large objects while more of them comes. By itself it begins after seconds, or when
// a tenth of its memory is to be written: the sync at the end would wait for all of that. One goroutine asks for it,
// since a disk that is busy has it wait; whoever writes an object does not.
type behind struct {
	begin func(f *os.File, off, n int64) error // nil: the system cannot be asked

	mu      sync.Mutex
	objects []*object     // that have bytes to be written out, each once
	idle    chan struct{} // closed when the goroutine has ended; nil: there is none
	closed  bool
}

// extent is what was written of an object since the system was asked to write it out.
type extent struct {
	from, to int64 // all of it is in there
	bytes    int64
	queued   bool // the object is one of behind.objects
}

// add takes note of n bytes at off.
func (e *extent) add(off, n int64) {
	if e.bytes == 0 {
		e.from, e.to = off, off
	}
	e.from, e.to = min(e.from, off), max(e.to, off+n)
	e.bytes += n
}

// wrote notes that n bytes of o were written at off.
func (b *behind) wrote(o *object, off, n int64) {
	if b.begin == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	e := &o.unasked
	e.add(off, n)
	if e.bytes < behindBytes || e.queued || b.closed {
		return
	}
	e.queued = true
	b.objects = append(b.objects, o)
	if b.idle == nil {
		b.idle = make(chan struct{})
		go b.run()
	}
}

// run asks until there is nothing to ask for.
func (b *behind) run() {
	for {
		o, e := b.next()
		if o == nil {
			return
		}
		if o.publishing.Load() { // which writes it out, and may take long
			continue
		}
		f, err := o.store.files.lend(o, true) // there is a file: it was written
		if err != nil {                       // it was published, or has failed
			continue
		}
		o.store.gate.enter()
		err = b.begin(f, e.from, e.to-e.from)
		o.store.gate.leave()
		if err != nil {
			_ = o.store.files.fail(o, err) // whoever uses it next is told
		}
		o.store.files.giveBack(o)
	}
}

// next takes an object, and what of it is to be written out; nil: there is none, and the goroutine ends.
func (b *behind) next() (*object, extent) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.objects) == 0 || b.closed {
		close(b.idle)
		b.idle = nil
		return nil, extent{}
	}
	o := b.objects[0]
	b.objects[0] = nil
	b.objects = b.objects[1:]
	e := o.unasked
	o.unasked = extent{}
	return o, e
}

// close has nothing asked for any more.
func (b *behind) close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.wait()
}

// wait waits for the goroutine, for closeWait at most: the disk may hang.
func (b *behind) wait() {
	b.mu.Lock()
	idle := b.idle
	b.mu.Unlock()
	if idle == nil {
		return
	}
	late := time.NewTimer(closeWait)
	defer late.Stop()
	select {
	case <-idle:
	case <-late.C:
	}
}
