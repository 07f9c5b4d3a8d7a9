package receiver

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/internal/assembly"
	"github.com/flute-node/flute-node/flute/internal/content"
	"github.com/flute-node/flute-node/store"
)

// read decodes an FDT Instance that is whole, now or as soon as it may be read.
func (s *Session) read(now time.Time, in *instance) error {
	err := s.decodeInstance(now, in)
	switch {
	case errors.Is(err, errBusy):
		at := now.Add(assembly.RetryAfter)
		if ready := s.l.cfg.readers.ready(s.l.key.Source, now); ready.After(at) {
			at = ready
		}
		s.l.schedule(at)
		return nil
	case err != nil:
		s.refuse(now, in, err)
	}
	return err
}

// readWaiting reads FDT Instances that had to wait, those first that make the least work.
func (s *Session) readWaiting(now time.Time, whole []*instance) {
	slices.SortFunc(whole, func(a, b *instance) int {
		return cmp.Compare(a.object.e.held.OTI.TransferLength, b.object.e.held.OTI.TransferLength)
	})
	for _, in := range whole {
		if in.isWhole() {
			_ = s.read(now, in)
		}
	}
}

// isWhole reports whether all bytes of an FDT Instance that arrives are there.
func (in *instance) isWhole() bool {
	return in.object != nil && in.object.e.held != nil && in.object.e.held.IsWhole()
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

// parseInstance reads the document: what was received, or what it decodes to. errBusy when that cannot be done now.
func (s *Session) parseInstance(now time.Time, in *instance) (*fdt.Instance, error) {
	l, h := s.l, in.object.e.held
	paid, limit := readFactor*int(h.OTI.TransferLength), l.cfg.fdtLimit()
	if l.cfg.readers.ready(l.key.Source, now).After(now) {
		if in.costly {
			return nil, errBusy
		}
		limit = min(limit, paid)
	}
	charged := &charge{budget: l.cfg.readers.memory}
	defer charged.release()
	if err := charged.add(h.OTI.TransferLength); err != nil {
		return nil, err
	}
	document := make([]byte, h.OTI.TransferLength)
	if _, err := in.memory.ReadAt(document, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if in.cenc > int(flute.Null) {
		w := &limitedWriter{rest: limit, charged: charged}
		err := content.Decode(w, bufio.NewReader(bytes.NewReader(document)), flute.ContentEncoding(in.cenc))
		if errors.Is(err, content.ErrTooLong) && limit < l.cfg.fdtLimit() {
			in.costly = true
			return nil, errBusy
		}
		if err != nil {
			return nil, err
		}
		document = w.out.Bytes()
	}
	if err := charged.add(readingCost(document)); err != nil {
		return nil, err
	}
	if len(document) > paid {
		l.cfg.readers.take(l.key.Source, len(document))
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
		return 0, content.ErrTooLong
	}
	if err := w.charged.add(2 * uint64(len(p))); err != nil { // the buffer doubles
		return 0, err
	}
	w.rest -= len(p)
	return w.out.Write(p)
}

// decodeInstance reads the FDT Instance that was received and merges it into the database.
func (s *Session) decodeInstance(now time.Time, in *instance) error {
	l, o := s.l, in.object
	f, err := s.parseInstance(now, in)
	for err != nil { // perhaps it was recovered under a wrong guess
		if errors.Is(err, errBusy) {
			return err
		}
		if !o.e.held.AssumeNext() {
			return err
		}
		if settled, _ := o.e.held.Settle(now); !settled {
			return err
		}
		f, err = s.parseInstance(now, in)
	}
	o.e.held.Proved()
	_ = o.settle(nil)
	if v := o.l.sender.Variant; v != l.sender.Variant {
		l.sender.Variant = v
		l.effects.Events = append(l.effects.Events, o.Effects().Events...)
	}
	l.version, l.proven = in.version, true
	f.ID = in.id
	// RFC 6726, section 3.3: "The receiver MUST NOT use a received FDT Instance to interpret packets received beyond
	// the expiration time of the FDT Instance." How long that is from now is settled here, so that it is measured by
	// the monotonic clock: neither side's wall clock can shorten it by a step later.
	valid := f.Expires.Sub(l.clock.read(now))
	if l.cfg.Expiry == ExpiryIgnore {
		valid = math.MaxInt64
	}
	if valid <= 0 {
		return fmt.Errorf("expired at %v: %w", f.Expires, errExpired)
	}
	expires := now.Add(valid)
	next := s.place(in, f, now)
	contested := s.merge(now, f, expires)
	in.fingerprintDocument()
	in.release()
	in.read = true
	in.forget = expires
	l.schedule(expires)
	if contested != 0 && l.rival.in != in {
		s.contest(now, in, f, contested, next && in.run == contested)
	}
	return nil
}
