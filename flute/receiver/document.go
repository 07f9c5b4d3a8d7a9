package receiver

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/internal/content"
	"github.com/flute-node/flute-node/store"
)

// reading is the task that reads the document of an FDT Instance: what was received, or what that decodes to. Its error
// is errBusy when that cannot be done now.
type reading struct {
	instance *instance // nobody but the session's goroutine looks into it
	object   *Object   // likewise; what was received

	received memory // nobody writes to it any more
	length   uint64
	encoding int       // content encoding; flute.Null or less: none
	costly   bool      // the instance was; it may be found to be
	begin    time.Time // when it was whole
	sent     time.Time // the same by the sender's clock
	limit    int       // greatest length of a document
	most     int       // greatest length that is read here and now; the error is errLarge for one that is longer
	limits   fdt.Limits
	source   netip.Addr
	readers  *readers
	charged  charge

	found *fdt.Instance
}

// inlineBytes is up to what length a document is read on the session's goroutine: that takes about a millisecond,
// and the packets that follow it need not be kept until it was read.
const inlineBytes = 16 << 10

// newReading returns the task for in, which is whole.
func (s *Session) newReading(now time.Time, in *instance) *reading {
	l := s.l
	return &reading{
		instance: in, object: in.object,
		received: memory{limit: in.receipt.memory.limit, parts: slices.Clone(in.receipt.memory.parts)},
		length:   in.object.e.held.OTI.TransferLength, encoding: in.cenc, costly: in.costly,
		begin: now, sent: l.clock.read(now), limit: l.cfg.fdtLimit(), most: inlineBytes, limits: l.cfg.FDTLimits,
		source: l.key.Source, readers: l.cfg.readers, charged: charge{budget: l.cfg.readers.memory},
	}
}

// What a document takes in memory while it is read, as measured: its File entries, which have no fewer bytes than
// leastEntry, and what is kept of the rest.
const (
	entryCost  = 512
	leastEntry = 36
	byteCost   = 4
)

// errBusy: the source of an FDT Instance has used its allowance, or other sessions use the memory to read documents.
var errBusy = errors.New("receiver: an FDT Instance cannot be read now")

// readingCost returns how many bytes of memory the reading of a document takes. There are no more File entries than
// tags.
func readingCost(document []byte) uint64 {
	entries := min(bytes.Count(document, []byte{'<'}), len(document)/leastEntry)
	return uint64(entryCost*entries + byteCost*len(document))
}

// errLarge: the document is too long to be read here and now.
var errLarge = errors.New("receiver: a large FDT Instance")

// mayBegin reports whether the allowance of the source does not forbid to begin at all.
func (r *reading) mayBegin() bool {
	return !r.costly || !r.readers.ready(r.source, r.begin).After(r.begin)
}

// maxDocument bounds the memory in documents.
const maxDocument = 512 << 10

// documents are buffers for the documents of FDT Instances: those of many small files come many times a second. What is
// parsed does not refer to them.
var documents = sync.Pool{New: func() any { return new([]byte) }}

// Run implements task. It only computes.
func (r *reading) Run(sync.Locker) error {
	if r.length > uint64(r.most) {
		return errLarge
	}
	paid, limit := readFactor*int(r.length), r.limit
	if r.readers.ready(r.source, r.begin).After(r.begin) {
		if r.costly {
			return errBusy
		}
		limit = min(limit, paid)
	}
	if err := r.charged.add(r.length); err != nil {
		return err
	}
	buffer := documents.Get().(*[]byte)
	defer func() {
		if cap(*buffer) <= maxDocument {
			documents.Put(buffer)
		}
	}()
	*buffer = slices.Grow((*buffer)[:0], int(r.length))[:r.length]
	document := *buffer
	n, err := r.received.ReadAt(document, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	clear(document[n:])
	if r.encoding > int(flute.Null) {
		if document, err = r.decode(document, limit); err != nil {
			return err
		}
	}
	if err := r.charged.add(readingCost(document)); err != nil {
		return err
	}
	if len(document) > paid {
		r.readers.take(r.source, len(document))
	}
	r.found, err = fdt.Parse(document, r.sent, r.limits)
	return err
}

// decode returns what the document that was received decodes to.
func (r *reading) decode(received []byte, limit int) ([]byte, error) {
	w := &limitedWriter{rest: min(limit, r.most), charged: &r.charged}
	err := content.Decode(w, bufio.NewReader(bytes.NewReader(received)), flute.ContentEncoding(r.encoding))
	switch {
	case errors.Is(err, content.ErrTooLong) && r.most < limit:
		return nil, errLarge
	case errors.Is(err, content.ErrTooLong) && limit < r.limit:
		r.costly = true
		return nil, errBusy
	}
	return w.out.Bytes(), err
}

// Release implements task.
func (r *reading) Release() { r.charged.release() }

// charge is memory that was taken from a budget for a while.
type charge struct {
	budget *store.Budget
	bytes  uint64
}

// add takes n bytes more; errBusy when there are not as many.
func (c *charge) add(n uint64) error {
	if !c.budget.TryReserve(n) {
		return errBusy
	}
	c.bytes += n
	return nil
}

func (c *charge) release() {
	c.budget.Release(c.bytes)
	c.bytes = 0
}

// limitedWriter gathers what is decoded, charges it, and refuses what exceeds its rest.
type limitedWriter struct {
	out     bytes.Buffer
	rest    int
	charged *charge
}

func (w *limitedWriter) Write(p []byte) (int, error) {
	if len(p) > w.rest {
		return 0, content.ErrTooLong
	}
	if err := w.charged.add(2 * uint64(len(p))); err != nil { // the buffer doubles
		return 0, err
	}
	w.rest -= len(p)
	return w.out.Write(p)
}
