package raptor

import (
	"cmp"
	"fmt"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/inactivation"
	"github.com/flute-node/flute-node/flute"
)

// defaultPlanBytes holds the plans of some two hundred source block lengths of about a thousand symbols, or of thirty
// of the longest. An object has two lengths at most.
const defaultPlanBytes = 16 << 20

// Config configures a Scheme. The zero value is the default.
type Config struct {
	// Parallel splits the work on large source blocks; nil: the caller's goroutine does all of it.
	Parallel func(n int, f func(i int))
	// PlanBytes bounds the memory of the cache of encoder plans, one for each source block length; 0 is 16 MiB. The
	// plan used last is kept whatever its size.
	PlanBytes uint64
}

// Scheme implements [fec.Scheme] for FEC Encoding ID 1. Make it with New. It is safe for concurrent use.
type Scheme struct{ engine *inactivation.Engine }

var _ fec.Scheme = (*Scheme)(nil)

// New returns the scheme with an empty cache of plans.
func New(c Config) *Scheme {
	return &Scheme{inactivation.New(inactivation.Config{
		Name: "raptor", Size: size, Code: equations, Parallel: c.Parallel,
		PlanBytes: cmp.Or(c.PlanBytes, defaultPlanBytes),
	})}
}

// Supports implements [fec.Scheme]. The error tells what to do about a source block that is too short.
func (s *Scheme) Supports(o *fec.OTI) error {
	if o.EncodingID != fec.Raptor || o.InstanceID != 0 {
		return fmt.Errorf("raptor: %v, FEC Instance ID %d: %w", o.EncodingID, o.InstanceID, flute.ErrOTI)
	}
	if o.TransferLength == 0 {
		return nil
	}
	least, most, err := sourceBlocks(o.TransferLength, o.SymbolLength)
	switch {
	case err != nil:
		return err
	case o.SourceBlocks < least:
		return fmt.Errorf("raptor: %d source blocks are of more than %d symbols: take at least %d source blocks: %w",
			o.SourceBlocks, maxSymbols, least, flute.ErrOTI)
	case o.SourceBlocks > most:
		return fmt.Errorf(
			"raptor: some of %d source blocks have less than %d symbols: take a smaller symbol length, or at most %d "+
				"source blocks: %w", o.SourceBlocks, minSymbols, most, flute.ErrOTI)
	}
	return nil
}

// Variants implements [fec.Scheme]: there is one code.
func (s *Scheme) Variants() []fec.Variant { return nil }

// check returns an error for what is no source block of this scheme.
func check(o *fec.OTI, v fec.Variant, k uint32) error {
	switch {
	case v != "":
		return fmt.Errorf("raptor: no code is called %q: %w", v, flute.ErrOTI)
	case k > maxSymbols || o.SymbolLength == 0:
		return fmt.Errorf("raptor: source block of %d symbols of %d bytes: %w", k, o.SymbolLength, flute.ErrOTI)
	case k < minSymbols:
		return fmt.Errorf(
			"raptor: source block of %d symbols, at least %d: take a smaller symbol length or fewer source blocks: %w",
			k, minSymbols, flute.ErrOTI)
	}
	return nil
}

// block returns a source block that has been checked. ESIs from 65521 on repeat the first ones: they are neither sent
// nor accepted.
func block(o *fec.OTI, k uint32) inactivation.Block {
	return inactivation.Block{Symbols: int(k), Extended: int(k), SymbolLength: int(o.SymbolLength), MaxESI: modulus}
}

// NewEncoder implements [fec.Scheme]. The intermediate symbols are computed with the first repair symbol that is asked
// for.
func (s *Scheme) NewEncoder(o *fec.OTI, v fec.Variant, k uint32, source []byte) (fec.Encoder, error) {
	if err := check(o, v, k); err != nil {
		return nil, err
	}
	enc, err := s.engine.NewEncoder(block(o, k), source)
	if err != nil {
		return nil, err
	}
	return enc, nil
}

// NewDecoder implements [fec.Scheme]; the decoder is a [fec.Solver]. Often some symbols more than k are needed: after
// the first try, each further one costs little.
func (s *Scheme) NewDecoder(o *fec.OTI, v fec.Variant, k uint32) (fec.Decoder, error) {
	if err := check(o, v, k); err != nil {
		return nil, err
	}
	return s.engine.NewDecoder(block(o, k)), nil
}

// Detaches returns true: once an encoder has made a repair symbol, the source may be used for something else until
// Reset.
func (s *Scheme) Detaches() bool { return true }

// Reuse returns false: source blocks of different sizes have different plans.
func (s *Scheme) Reuse(fec.Encoder, *fec.OTI, uint32, []byte) bool { return false }

// Memory implements [fec.Scheme].
func (s *Scheme) Memory(o *fec.OTI, k uint32) fec.Memory {
	if check(o, "", k) != nil {
		return fec.Memory{}
	}
	return s.engine.Memory(block(o, k))
}
