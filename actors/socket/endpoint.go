package socket

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/internal/panicked"
	"github.com/flute-node/flute-node/internal/slab"
)

// Endpoint is a UDP socket from its first datagram to its last: the open Source, for which the kernel keeps a
// queue and memberships, and the reader of it. Its actor watches over it and may crash; so may Sockets. Neither closes
// it: Close does, once nobody wants it any more. It is safe for concurrent use.
type Endpoint struct {
	cfg     Config
	closing atomic.Bool
	batch   int // the most datagrams that one read brings
	slabs   *slab.Pool
	sparse  *slab.Pool // for what sparse reads bring
	counts  counts
	told    told // belongs to the socket's actor
	fanout  *fanout
	kept    kept

	mu      sync.Mutex
	source  Source        // nil: it could not be opened again
	broken  bool          // the source has failed, and is opened again before the next read
	closed  bool          // source is closed
	reading chan struct{} // closed when the reader has ended; nil: there was none
	ended   func(error)   // tells the actor that the reader has ended; nil: there is no actor
}

// told is what subscribers were told of an Endpoint already.
type told struct {
	drops  uint64 // that the kernel reported
	failed bool   // that the source cannot be opened
	cut    bool   // that datagrams are too long
}

// NewEndpoint returns the Endpoint of source, which is open and belongs to it from now on. Its datagrams go to the
// Routers that [Endpoint.Add] adds.
func NewEndpoint(cfg Config, source Source) *Endpoint {
	batch, size := cfg.room(source)
	return &Endpoint{
		cfg: cfg, source: source, batch: batch, fanout: newFanout(),
		slabs: cfg.Memory.Pool(size), sparse: cfg.Memory.Pool(max(size/sparseShare, cfg.MaxDatagram)),
	}
}

// Closed reports whether Close was called.
func (e *Endpoint) Closed() bool { return e.closing.Load() }

// Read returns how many datagrams were read.
func (e *Endpoint) Read() uint64 { return e.counts.read.Load() }

// Watch has ended called, on the reader's goroutine, when a reader ends that was not told to; nil: nobody is.
func (e *Endpoint) Watch(ended func(error)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ended = ended
}

// Resume sees to it that a reader runs, over the source that is there, or over one that is opened in place of one that
// has failed. The error says why it cannot be opened.
func (e *Endpoint) Resume() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closing.Load() || e.isReading() {
		return nil
	}
	if e.broken {
		if e.source != nil {
			_ = e.source.Close() // it has failed already
		}
		e.source = nil
		source, err := e.cfg.Reopen()
		if err != nil {
			return err
		}
		e.source, e.broken, e.told.drops = source, false, 0
	}
	e.reading = make(chan struct{})
	go e.read(e.reader(), e.reading)
	return nil
}

// reader returns a reader over the source.
func (e *Endpoint) reader() *reader {
	_, wakes := e.source.(waiter)
	return &reader{
		kept: &e.kept, wakes: wakes,
		source: e.source, fanout: e.fanout, slabs: e.slabs, sparse: e.sparse, counts: &e.counts,
		closing: &e.closing, batch: e.batch, longest: e.cfg.MaxDatagram,
	}
}

// isReading reports whether a reader runs. e.mu is held.
func (e *Endpoint) isReading() bool {
	if e.reading == nil {
		return false
	}
	select {
	case <-e.reading:
		return false
	default:
		return true
	}
}

// read is the goroutine of a reader. A panic leaves the source as it is; one that has failed is not used again.
func (e *Endpoint) read(r *reader, reading chan struct{}) {
	err := guarded(r.run)
	e.leaveKept()
	e.mu.Lock()
	if c := (*actors.Crash)(nil); err != nil && !errors.As(err, &c) {
		e.broken = true
	}
	ended := e.ended
	close(reading)
	e.mu.Unlock()
	if err != nil && ended != nil {
		ended(err)
	}
}

// guarded turns a panic of the reader into an error: the process must survive it.
func guarded(run func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			p := panicked.Of(v)
			err = &actors.Crash{Value: p.Value, Stack: p.Stack}
		}
	}()
	return run()
}

// Close closes the source and waits for the reader, which cannot be blocked by anything else. It may be called again.
func (e *Endpoint) Close() {
	e.closing.Store(true)
	e.mu.Lock()
	if !e.closed && e.source != nil {
		// The reader sees the error; there is nobody else to tell.
		_ = e.source.Close()
	}
	e.closed = true
	reading := e.reading
	e.mu.Unlock()
	if reading != nil {
		<-reading
	}
	e.slabs.Drop()
}

// Slabs returns how many slabs are out, with what was read and not handled yet.
func (e *Endpoint) Slabs() int { return e.slabs.Outstanding() + e.sparse.Outstanding() }

// rejoiner is a Source that may have to join its group again, and tells so in lines for people.
type rejoiner interface{ Rejoin() []string }

// rejoin has the source join its group again, if it must.
func (e *Endpoint) rejoin() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if r, ok := e.source.(rejoiner); ok {
		return r.Rejoin()
	}
	return nil
}

// kernelDropper is a Source that knows how many datagrams the kernel dropped before they could be read.
type kernelDropper interface{ KernelDrops() uint64 }

// kernelDrops returns what the kernel has dropped of the source; 0 if that is not known.
func (e *Endpoint) kernelDrops() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	if k, ok := e.source.(kernelDropper); ok {
		return k.KernelDrops()
	}
	return 0
}
