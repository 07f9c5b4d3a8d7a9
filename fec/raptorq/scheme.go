package raptorq

import (
	"fmt"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/inactivation"
	"github.com/flute-node/flute-node/flute"
)

// Config configures a Scheme. The zero value is the default.
type Config struct {
	// Parallel splits the work on large source blocks; nil: the caller's goroutine does all of it.
	Parallel func(n int, f func(i int))
	// PlanBytes bounds the plans that are kept for encoders, in bytes; 0: 64 MiB. See the package comment.
	PlanBytes uint64
}

// Scheme implements [fec.Scheme] for FEC Encoding ID 6. Make it with New. It is safe for concurrent use.
type Scheme struct{ engine *inactivation.Engine }

var _ fec.Scheme = (*Scheme)(nil)

// New returns a scheme with an empty cache of plans.
func New(c Config) *Scheme {
	return &Scheme{engine: inactivation.New(inactivation.Config{
		Name: "raptorq", Size: size, Code: matrix, Parallel: c.Parallel, PlanBytes: c.PlanBytes,
	})}
}

// Supports implements [fec.Scheme]: every valid OTI of FEC Encoding ID 6 is supported.
func (s *Scheme) Supports(o *fec.OTI) error {
	if o.EncodingID != fec.RaptorQ {
		return fmt.Errorf("raptorq: %v: %w", o.EncodingID, flute.ErrOTI)
	}
	return nil
}

// Variants implements [fec.Scheme]: there is one code.
func (s *Scheme) Variants() []fec.Variant { return nil }

// block checks what comes from an OTI.
func block(o *fec.OTI, v fec.Variant, k uint32) (inactivation.Block, error) {
	switch {
	case k == 0 || k > maxSymbols || o.SymbolLength == 0:
		return inactivation.Block{}, fmt.Errorf("raptorq: source block of %d symbols of %d bytes: %w", k,
			o.SymbolLength, flute.ErrOTI)
	case v != "":
		return inactivation.Block{}, fmt.Errorf("raptorq: no code is called %q: %w", v, flute.ErrOTI)
	}
	return inactivation.Block{
		Symbols: int(k), Extended: extended(int(k)), SymbolLength: int(o.SymbolLength), MaxESI: maxESI,
	}, nil
}

// NewEncoder implements [fec.Scheme].
func (s *Scheme) NewEncoder(o *fec.OTI, v fec.Variant, k uint32, source []byte) (fec.Encoder, error) {
	b, err := block(o, v, k)
	if err != nil {
		return nil, err
	}
	e, err := s.engine.NewEncoder(b, source)
	if err != nil {
		return nil, err
	}
	return e, nil
}

// NewDecoder implements [fec.Scheme]. The decoder is a [fec.Solver].
func (s *Scheme) NewDecoder(o *fec.OTI, v fec.Variant, k uint32) (fec.Decoder, error) {
	b, err := block(o, v, k)
	if err != nil {
		return nil, err
	}
	return s.engine.NewDecoder(b), nil
}

// Detaches returns true: once an encoder has made a repair symbol, the source may be used for something else until
// Reset.
func (s *Scheme) Detaches() bool { return true }

// Reuse makes e, an encoder of s, that of another source block of k symbols, as NewEncoder would, and reports whether
// it can. It can where both are extended to one size: so blocks that differ by a symbol share the memory.
func (s *Scheme) Reuse(e fec.Encoder, o *fec.OTI, k uint32, source []byte) bool {
	b, err := block(o, "", k)
	enc, ok := e.(*inactivation.Encoder)
	return err == nil && ok && s.engine.Reuse(enc, b, source)
}

// Memory implements [fec.Scheme].
func (s *Scheme) Memory(o *fec.OTI, k uint32) fec.Memory {
	b, err := block(o, "", k)
	if err != nil {
		return fec.Memory{}
	}
	return s.engine.Memory(b)
}
