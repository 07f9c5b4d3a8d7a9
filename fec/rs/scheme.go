package rs

import (
	"fmt"
	"sync"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

// Scheme implements [fec.Scheme] for FEC Encoding IDs 2, 5 and 129. Make it with New. It is safe for concurrent use.
type Scheme struct {
	codes      [maxBits + 1]func() *code // by m; the tables of a field are made when it is needed
	workspaces workspaces
	plans      plans
	parallel   func(n int, f func(i int)) // or nil
}

var _ fec.Scheme = (*Scheme)(nil)

// New returns the scheme. Use one for all FEC Encoding IDs: it keeps tables, and memory for work, for the next blocks.
func New() *Scheme { return NewParallel(nil) }

// NewParallel returns the scheme. It splits the work on large source blocks by p, which may be nil.
func NewParallel(p func(n int, f func(i int))) *Scheme {
	s := &Scheme{plans: plans{entries: map[planKey]*plan{}}, parallel: p}
	for m := range uint(maxBits + 1) {
		if m >= minBits {
			s.codes[m] = sync.OnceValue(func() *code { return newCode(m) })
		}
	}
	return s
}

// Supports implements [fec.Scheme].
func (s *Scheme) Supports(o *fec.OTI) error {
	switch {
	case o.EncodingID == fec.ReedSolomonGF2m || o.EncodingID == fec.ReedSolomonGF28:
	case o.EncodingID != fec.SmallBlockSystematic || o.InstanceID != 0:
		return fmt.Errorf("rs: %v, FEC Instance ID %d: %w", o.EncodingID, o.InstanceID, flute.ErrOTI)
	}
	m := bits(o)
	if m < minBits || m > maxBits {
		return fmt.Errorf("rs: no code over GF(2^%d): %w", m, flute.ErrOTI)
	}
	if order := uint32(1)<<m - 1; o.TransferLength > 0 &&
		(o.MaxSourceBlockLength > order || o.MaxEncodingSymbols > order) {
		return fmt.Errorf("rs: blocks of %d source and %d encoding symbols, at most %d: %w",
			o.MaxSourceBlockLength, o.MaxEncodingSymbols, order, flute.ErrOTI)
	}
	return nil
}

// Variants implements [fec.Scheme].
func (s *Scheme) Variants() []fec.Variant { return []fec.Variant{Rizzo, RFC5510, Backblaze} }
