package sender

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flute-node/flute-node/fec"
)

const (
	// workBytes is the smallest source block, in bytes, that is worth a Work.
	workBytes = 256 << 10
	// maxWorks bounds the Works that nobody has drained; the session does their work itself when it is due.
	maxWorks = 64
	// busyPoll is how soon AppendNext is to be called again when all that is due is still being worked on.
	busyPoll = time.Millisecond
)

// errBusy says that the next packet needs repair symbols that a Work is making.
var errBusy = errors.New("sender: repair symbols are being made")

// Work prepares the repair symbols of a source block while its source symbols are being sent. Run it on any goroutine; it
// need not be handed back. What nobody has begun by the time that the symbols are due, AppendNext does itself.
type Work struct {
	enc   fec.Encoder
	esi   fec.ESI // any repair symbol: the first that is asked for makes the encoder do its work
	state atomic.Uint32
	err   error
}

// The life of a Work.
const (
	workPending uint32 = iota
	workRunning        // by Run
	workDone           // by Run, or taken back by the session
)

// Lane returns nil: Run needs nothing but the processor.
func (w *Work) Lane() any { return nil }

// Run does the work, unless the session has begun to do it itself.
func (w *Work) Run(sync.Locker) {
	if w.state.CompareAndSwap(workPending, workRunning) {
		_, w.err = w.enc.AppendRepair(nil, w.esi)
		w.state.Store(workDone)
	}
}

// Fail ends the object: for whoever saw Run panic.
func (w *Work) Fail(err error) {
	w.err = err
	w.state.Store(workDone)
}

// Cancel does nothing: nobody waits for a Work.
func (w *Work) Cancel() {}

// Works drains the Works that wait to be run.
func (s *Session) Works() []*Work {
	w := s.works
	s.works = nil
	return w
}

// prepare makes a Work for the repair symbols of the block, if that takes long.
func (b *block) prepare() {
	if b.group.repairs > 0 && b.size >= workBytes {
		b.work = &Work{enc: b.enc, esi: fec.ESI(b.group.k)}
	}
}

// ready returns nil when the repair symbols of the block can be made now, errBusy when a Work is about to make that quick, and
// the error of the Work.
func (b *block) ready() error {
	if b.work == nil {
		return nil
	}
	switch {
	case b.work.state.CompareAndSwap(workPending, workDone): // nobody has begun
	case b.work.state.Load() == workRunning:
		return errBusy
	}
	err := b.work.err
	b.work = nil
	return err
}

// leave gives up memory that a Work may be using.
func (b *block) leave() {
	if b.work != nil && !b.work.state.CompareAndSwap(workPending, workDone) && b.work.state.Load() == workRunning {
		b.enc, b.code, b.held = nil, code{}, nil
	}
	b.work = nil
}
