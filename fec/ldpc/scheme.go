package ldpc

import (
	"cmp"
	"fmt"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

// defaultMatrixBytes holds the matrices of a few sessions with blocks of some 50,000 symbols.
const defaultMatrixBytes = 32 << 20

// Config configures a Scheme. The zero value of a field is its default.
type Config struct {
	// Parallel splits the work on long symbols; nil: the goroutine that asks does all.
	Parallel fec.Parallel
	// MatrixBytes bounds the cache of parity check matrices, which depend on the OTI and the length of a block only.
	// Zero: 32 MiB. The latest matrix is kept whatever its size.
	MatrixBytes uint64
}

// Scheme implements fec.Scheme for FEC Encoding IDs 3 and 4. Make it with New. It is safe for concurrent use.
type Scheme struct {
	parallel fec.Parallel
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

// Supports implements fec.Scheme. It looks at the blocks of the object: each must have two source symbols, and N1 repair
// symbols or none.
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
	case k < 2:
		return params{}, fmt.Errorf("ldpc: a source block of one symbol has no code; use shorter symbols: %w", flute.ErrOTI)
	case p.repairs() < p.n1:
		return params{}, fmt.Errorf("ldpc: %d repair symbols for a source block of %d symbols, at least N1, %d, are needed: %w",
			p.repairs(), k, p.n1, flute.ErrOTI)
	}
	return p, nil
}

// Variants implements fec.Scheme: there is one code for each OTI.
func (s *Scheme) Variants() []fec.Variant { return nil }

// Memory implements fec.Scheme.
func (s *Scheme) Memory(o *fec.OTI, k uint32) fec.Memory {
	p, err := parameters(o, k)
	if err != nil || p.repairs() == 0 {
		return fec.Memory{}
	}
	m := matrixBytes(p)
	t := uint64(o.SymbolLength)
	return fec.Memory{Encoder: m + uint64(p.repairs()+1)*t + 1<<10, Decoder: m + solverBytes(p) + uint64(2*p.repairs())*t + 64*uint64(p.n) + tablesBytes(p, t)}
}

// tablesBytes bounds the tables of all stripes of symbols of t bytes.
func tablesBytes(p params, t uint64) uint64 {
	groups := uint64(maxAside(p))/tableSides + 1
	return (t/minStripe + 1) * groups * (tableSize*tableWidth + 4)
}

// AppendGroup implements fec.Grouper: receiver_find_ESIs_of_group of RFC 5170, section 5.6.
func (s *Scheme) AppendGroup(b []fec.ESI, o *fec.OTI, k uint32, esi fec.ESI) ([]fec.ESI, error) {
	m, err := s.groups(o, k)
	if err != nil {
		return b, err
	}
	if int(esi) >= m.n {
		return b, fmt.Errorf("ldpc: encoding symbol %d of %d: %w", esi, m.n, flute.ErrOTI)
	}
	return m.appendGroup(b, int(o.GroupSize), esi), nil
}

// AppendPacket implements fec.Grouper: sender_find_ESIs_of_group of RFC 5170, section 5.6. The last packets wrap around.
func (s *Scheme) AppendPacket(b []fec.ESI, o *fec.OTI, k uint32, index uint32) ([]fec.ESI, error) {
	m, err := s.groups(o, k)
	if err != nil {
		return b, err
	}
	g := int(o.GroupSize)
	sources := (m.k + g - 1) / g
	if int(index) < sources {
		return m.appendGroup(b, g, fec.ESI(int(index)*g)), nil
	}
	if m.repairs() == 0 || index >= 1<<20 {
		return b, fmt.Errorf("ldpc: packet %d of %d source packets: %w", index, sources, flute.ErrOTI)
	}
	return m.appendRepairs(b, g, (int(index)-sources)*g), nil
}

// groups returns the matrix for a block whose packets have more than one symbol.
func (s *Scheme) groups(o *fec.OTI, k uint32) (*matrix, error) {
	p, err := parameters(o, k)
	if err != nil {
		return nil, err
	}
	if o.GroupSize == 0 || o.GroupSize > 31 {
		return nil, fmt.Errorf("ldpc: G %d: %w", o.GroupSize, flute.ErrOTI)
	}
	if p.repairs() == 0 {
		return &matrix{params: p}, nil
	}
	return s.matrices.get(p), nil
}
