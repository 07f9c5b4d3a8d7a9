package ldpc

import (
	"cmp"
	"fmt"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

// defaultMatrixBytes holds the matrices of a few sessions with blocks of some 50,000 symbols.
const defaultMatrixBytes = 32 << 20

// Config configures a Scheme. The zero value is the default.
type Config struct {
	// Parallel splits the work on long symbols; nil: the caller's goroutine does all of it.
	Parallel func(n int, f func(i int))
	// MatrixBytes bounds the cache of parity check matrices, which depend on the OTI and the length of a block only.
	// Zero: 32 MiB. The latest matrix is kept whatever its size.
	MatrixBytes uint64
}

// Scheme implements [fec.Scheme] for FEC Encoding IDs 3 and 4. Make it with New. It is safe for concurrent use.
type Scheme struct {
	parallel func(n int, f func(i int))
	matrices cache
	works    pool
}

var (
	_ fec.Scheme  = (*Scheme)(nil)
	_ fec.Grouper = (*Scheme)(nil)
)

// New returns the scheme with an empty cache.
func New(c Config) *Scheme {
	s := &Scheme{parallel: c.Parallel}
	s.matrices.limit = cmp.Or(c.MatrixBytes, defaultMatrixBytes)
	return s
}

// Supports implements [fec.Scheme]. It looks at the blocks of the object: each must have N1 repair symbols or none.
func (s *Scheme) Supports(o *fec.OTI) error {
	if o.EncodingID != fec.LDPCStaircase && o.EncodingID != fec.LDPCTriangle {
		return fmt.Errorf("ldpc: %v: %w", o.EncodingID, flute.ErrOTI)
	}
	if o.TransferLength == 0 {
		return nil
	}
	if err := o.Validate(); err != nil {
		return err
	}
	part := o.Partition()
	for _, k := range [...]uint32{part.Large, part.Small} {
		if _, err := parameters(o, k); err != nil {
			return err
		}
	}
	return nil
}

// parameters returns those of a block of k symbols.
func parameters(o *fec.OTI, k uint32) (params, error) {
	p := params{int(k), int(k + o.RepairSymbols(k)), int(o.N1), o.Seed, o.EncodingID == fec.LDPCTriangle}
	switch {
	case k == 0 || k >= 1<<20 || p.n >= 1<<20 || o.SymbolLength == 0:
		return params{}, fmt.Errorf("ldpc: source block of %d symbols of %d bytes: %w", k, o.SymbolLength, flute.ErrOTI)
	case p.repairs() == 0:
		return p, nil // no code at all
	case p.n1 < 3 || p.n1 > 10 || p.seed == 0 || p.seed > maxSeed:
		return params{}, fmt.Errorf("ldpc: N1 %d, PRNG seed %d: %w", p.n1, p.seed, flute.ErrOTI)
	case p.repairs() < p.n1:
		return params{}, fmt.Errorf(
			"ldpc: %d repair symbols for a source block of %d symbols, at least N1, %d, are needed: %w",
			p.repairs(), k, p.n1, flute.ErrOTI)
	}
	return p, nil
}

// blockParameters is parameters for an encoder or decoder of variant v.
func blockParameters(o *fec.OTI, v fec.Variant, k uint32) (params, error) {
	if v != "" {
		return params{}, fmt.Errorf("ldpc: no code is called %q: %w", v, flute.ErrOTI)
	}
	return parameters(o, k)
}

// Variants implements [fec.Scheme]: there is one code for each OTI.
func (s *Scheme) Variants() []fec.Variant { return nil }

// Memory implements [fec.Scheme].
func (s *Scheme) Memory(o *fec.OTI, k uint32) fec.Memory {
	p, err := parameters(o, k)
	if err != nil || p.repairs() == 0 {
		return fec.Memory{}
	}
	m, t := matrixBytes(p), uint64(strideOf(int(o.SymbolLength)))
	return fec.Memory{
		Encoder: rounded(m + uint64(p.repairs())*t),
		Decoder: rounded(m + solverBytes(p) + workBytes(p, t)),
	}
}

// rounded adds what the allocator may round up, and small things.
func rounded(n uint64) uint64 { return n + n/8 + 1<<12 }

// AppendGroup implements [fec.Grouper]: receiver_find_ESIs_of_group of RFC 5170, section 5.6. Any ESI may come first.
func (s *Scheme) AppendGroup(b []fec.ESI, o *fec.OTI, k uint32, esi fec.ESI) ([]fec.ESI, error) {
	p, g, err := groupParameters(o, k)
	switch {
	case err != nil:
		return b, err
	case uint32(esi) < k:
		return appendSources(b, p.k, g, int(esi)), nil
	case uint32(esi) >= uint32(p.n):
		return b, fmt.Errorf("ldpc: encoding symbol %d of %d: %w", esi, p.n, flute.ErrOTI)
	}
	m := s.matrices.get(p)
	return m.appendRepairs(b, g, int(m.position[int(esi)-p.k])), nil
}

// AppendPacket implements [fec.Grouper]: sender_find_ESIs_of_group of RFC 5170, section 5.6. All packets have G
// symbols: the last one of source symbols, and the last one of repair symbols, wrap around.
func (s *Scheme) AppendPacket(b []fec.ESI, o *fec.OTI, k uint32, index uint32) ([]fec.ESI, error) {
	p, g, err := groupParameters(o, k)
	if err != nil {
		return b, err
	}
	sources := (p.k + g - 1) / g
	switch {
	case uint64(index) < uint64(sources):
		return appendSources(b, p.k, g, int(index)*g), nil
	case p.repairs() == 0 || index >= 1<<20:
		return b, fmt.Errorf("ldpc: packet %d of %d source packets: %w", index, sources, flute.ErrOTI)
	}
	return s.matrices.get(p).appendRepairs(b, g, (int(index)-sources)*g), nil
}

// groupParameters returns those of a block of k symbols, and G.
func groupParameters(o *fec.OTI, k uint32) (params, int, error) {
	p, err := parameters(o, k)
	if err == nil && (o.GroupSize == 0 || o.GroupSize > 31) {
		err = fmt.Errorf("ldpc: G %d: %w", o.GroupSize, flute.ErrOTI)
	}
	return p, int(o.GroupSize), err
}
