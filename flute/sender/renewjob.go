package sender

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
)

// Renewer is an optional interface of a Scratch: without it a file that was encoded into the Scratch cannot be sent any
// more when its content has changed.
type Renewer interface {
	// Renew returns an empty Scratch for the next version of the file. If it is an io.Closer, the session closes it
	// after the end of that version, or as soon as no byte of it is sent. The receiver may have been closed.
	Renew() (Scratch, error)
}

// renewJob prepares the next version of a file whose content has changed.
type renewJob struct {
	ctx    context.Context
	stop   context.CancelFunc
	key    any
	file   File
	old    Scratch
	object *Object
	left   atomic.Bool // leave was called
}

func (r *renewJob) lane() any { return r.key }
func (r *renewJob) cancel()   { r.stop() }

// run reads the content, as Prepare does.
func (r *renewJob) run(cpu sync.Locker) error {
	var scratch Scratch
	if r.old != nil {
		n, ok := r.old.(Renewer)
		if !ok {
			return errNoRenewer
		}
		var err error
		if scratch, err = n.Renew(); err != nil {
			return err
		}
	}
	// The digests tell whether it is other content at all.
	r.file.Digests &^= DigestLater
	if r.file.Digests == 0 {
		r.file.Digests = DigestMD5 | DigestSHA256
	}
	p := preparation{file: r.file, scratch: scratch, cpu: cpu}
	o, err := p.run(r.ctx)
	if err != nil {
		closeScratch(p.scratch) // another one, if the content has changed meanwhile
		return err
	}
	o.owned = true
	o.spend()
	r.object = o
	r.leave()
	return nil
}

// leave is called by run when it has made the object, and by whoever does not want that. The second one closes what
// nobody will send.
func (r *renewJob) leave() {
	if r.left.Swap(true) && r.object != nil {
		closeScratch(r.object.scratch)
	}
}

func closeScratch(s Scratch) {
	if c, ok := s.(io.Closer); ok {
		_ = c.Close()
	}
}

func closeContent(r io.ReaderAt) {
	if c, ok := r.(io.Closer); ok {
		_ = c.Close()
	}
}
