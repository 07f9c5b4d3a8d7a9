package receiver

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/store"
)

const (
	// readFactor is how many bytes of documents may be read for each byte of the payload of FDT packets. A document costs 0.05
	// to 0.2 microseconds a byte, and gzip makes File entries that differ in no more than names and digests ten times smaller,
	// an attacker's a thousand times.
	readFactor = 16
	// readTime is in what time a document of the greatest length may be read whatever came.
	readTime = 8 * time.Second
)

// allowance bounds the work that the FDT Instances of a session make, in bytes of documents: one that is whole is read
// unless more was read before than was allowed, else as soon as that is made good.
type allowance struct {
	bytes int64     // that may be read; below zero after a document that was longer
	at    time.Time // when it was so
	limit int64     // most bytes; the greatest length of a document
}

// add counts the payload of a packet.
func (a *allowance) add(n int) { a.bytes = min(a.limit, a.bytes+readFactor*int64(n)) }

// take counts a document that was read.
func (a *allowance) take(n int) { a.bytes -= int64(n) }

// ready returns when the next document may be read: now, or a moment that is later.
func (a *allowance) ready(now time.Time) time.Time {
	const millis = int64(readTime / time.Millisecond)
	if a.at.IsZero() {
		a.at = now
	}
	if passed := min(now.Sub(a.at).Milliseconds(), 8*millis); passed > 0 {
		a.bytes, a.at = min(a.limit, a.bytes+a.limit*passed/millis), now
	}
	if a.bytes >= 0 {
		return now
	}
	return now.Add(time.Duration(1-a.bytes*millis/a.limit) * time.Millisecond)
}

// read decodes an FDT Instance that is whole, now or as soon as the session may read.
func (s *Session) read(now time.Time, in *instance) error {
	if at := s.l.reading.ready(now); at.After(now) {
		s.l.schedule(at)
		return nil
	}
	err := s.decodeInstance(now, in)
	switch {
	case errors.Is(err, errBusy):
		s.l.schedule(now.Add(stallRetry))
		return nil
	case err != nil:
		s.refuse(now, in, err)
	}
	return err
}

// readWaiting reads FDT Instances that had to wait, those first that make the least work.
func (s *Session) readWaiting(now time.Time, whole []*instance) {
	slices.SortFunc(whole, func(a, b *instance) int {
		return cmp.Compare(a.object.e.rec.oti.TransferLength, b.object.e.rec.oti.TransferLength)
	})
	for _, in := range whole {
		if in.isWhole() {
			_ = s.read(now, in)
		}
	}
}

// isWhole reports whether all bytes of an FDT Instance in reception are there.
func (in *instance) isWhole() bool {
	return in.object != nil && in.object.e.rec != nil && in.object.e.rec.isWhole()
}

// What a document takes in memory while it is read, as measured: its File entries, which have no fewer bytes than
// leastEntry, and what is kept of the rest.
const (
	entryCost  = 512
	leastEntry = 36
	byteCost   = 4
	// readingFactor is how much memory for one byte of the greatest document all sessions together may use to read: enough for
	// one such document, that it was made of, and many usual ones. It lies outside of Config.Budget, so that a session whose
	// objects have spent that still learns what they are.
	readingFactor = 24
)

// errBusy: other sessions are using the memory to read documents.
var errBusy = errors.New("receiver: FDT Instances of other sessions are being read")

// readingCost returns how many bytes of memory the reading of a document takes. There are no more File entries than tags.
func readingCost(document []byte) uint64 {
	entries := min(bytes.Count(document, []byte{'<'}), len(document)/leastEntry)
	return uint64(entryCost*entries + byteCost*len(document))
}

// parseInstance reads the document: what was received, or what it decodes to.
func (s *Session) parseInstance(now time.Time, in *instance) (*fdt.Instance, error) {
	l, r := s.l, in.object.e.rec
	if err := r.buffer.Flush(); err != nil {
		return nil, err
	}
	charged := &charge{budget: l.cfg.readers}
	defer charged.release()
	if err := charged.add(r.oti.TransferLength); err != nil {
		return nil, err
	}
	document := make([]byte, r.oti.TransferLength)
	if _, err := in.memory.ReadAt(document, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if in.cenc > int(flute.Null) {
		w := &limitedWriter{rest: l.cfg.fdtLimit(), charged: charged}
		err := decodeContent(w, bufio.NewReader(bytes.NewReader(document)), flute.ContentEncoding(in.cenc))
		document = w.out.Bytes()
		if err != nil {
			l.reading.take(len(document))
			return nil, err
		}
	}
	l.reading.take(len(document))
	if err := charged.add(readingCost(document)); err != nil {
		return nil, err
	}
	return fdt.Parse(document, l.clock.read(now), l.cfg.FDTLimits)
}

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

func (c *charge) release() { c.budget.Release(c.bytes) }

// limitedWriter gathers what is decoded, charges it, and refuses what exceeds its rest.
type limitedWriter struct {
	out     bytes.Buffer
	rest    int
	charged *charge
}

func (w *limitedWriter) Write(p []byte) (int, error) {
	if len(p) > w.rest {
		return 0, errTooLong
	}
	if err := w.charged.add(2 * uint64(len(p))); err != nil { // the buffer doubles
		return 0, err
	}
	w.rest -= len(p)
	return w.out.Write(p)
}
