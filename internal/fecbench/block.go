package fecbench

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/flute-node/flute-node/fec"
)

// ErrSkipped says that an operation cannot be measured on a block; the text says why.
var ErrSkipped = errors.New("fecbench: not measured")

// Config says how to measure.
type Config struct {
	// Registry makes schemes that have not been used before; required.
	Registry func() *fec.Registry
	// Now is the clock; required by Encode, EncodeCold and Decode.
	Now func() time.Time
	// Budget is the time for the runs of one operation; one run is made in any case.
	Budget time.Duration
	// Bytes bounds the memory of an operation: source block, encoding symbols and what the scheme needs. Zero: no
	// bound.
	Bytes uint64
	// Seed chooses the contents of the block and the losses.
	Seed uint64
}

// Block is the source block that is measured.
type Block struct {
	// OTI is that of an object of this one source block.
	OTI     fec.OTI
	Variant fec.Variant
	K       uint32 // source symbols
	// Repair is the number of repair symbols that are made of it. A receiver gets its repair symbols from among them;
	// from further ones where the code has them and these are too few.
	Repair uint32
}

// Bench measures one source block. It is not safe for concurrent use.
type Bench struct {
	cfg     Config
	block   Block
	scheme  fec.Scheme // warm once an operation has used it
	encoder fec.Encoder
	source  []byte
	symbol  []byte // an encoding symbol that nobody keeps
	repair  []byte // the first repair symbols, one after the other
	random  *rand.Rand
}

// New checks block and makes its contents. The error wraps ErrSkipped when the block needs more than Config.Bytes, and
// flute.ErrOTI when the scheme does not take its OTI.
func New(cfg Config, block Block) (*Bench, error) {
	o := &block.OTI
	if err := o.Validate(); err != nil {
		return nil, err
	}
	s, err := cfg.Registry().Scheme(o)
	if err != nil {
		return nil, err
	}
	if err := s.Supports(o); err != nil {
		return nil, err
	}
	size := uint64(block.K) * uint64(o.SymbolLength)
	if p := o.Partition(); p.Blocks() != 1 || p.BlockSymbols(0) != block.K || o.TransferLength != size {
		return nil, fmt.Errorf("fecbench: the OTI is not that of one source block of %d symbols", block.K)
	}
	b := &Bench{cfg: cfg, block: block, scheme: s, random: rand.New(rand.NewPCG(cfg.Seed, uint64(block.K)))}
	b.block.Repair = min(block.Repair, b.available())
	if err := b.fits(size); err != nil {
		return nil, err
	}
	b.source = make([]byte, size)
	b.symbol = make([]byte, 0, o.SymbolLength)
	var chacha [32]byte
	chacha[0], chacha[1] = byte(cfg.Seed), byte(cfg.Seed>>8)
	_, _ = rand.NewChaCha8(chacha).Read(b.source) // it never fails
	return b, nil
}

// Memory is what the scheme says that it needs for the block.
func (b *Bench) Memory() fec.Memory { return b.scheme.Memory(&b.block.OTI, b.block.K) }

// available returns how many repair symbols the code has for the block.
func (b *Bench) available() uint32 { return b.block.OTI.MaxESI(b.block.K) - b.block.K }

// fits returns an error that wraps ErrSkipped when bytes and what the scheme needs are beyond the bound.
func (b *Bench) fits(bytes uint64) error {
	m := b.Memory()
	if need := bytes + max(m.Encoder, m.Decoder); b.cfg.Bytes != 0 && need > b.cfg.Bytes {
		return fmt.Errorf("%w: it needs %.1f MiB of memory, the limit is %.1f",
			ErrSkipped, float64(need)/(1<<20), float64(b.cfg.Bytes)/(1<<20))
	}
	return nil
}

// length returns the symbol length in bytes.
func (b *Bench) length() int { return int(b.block.OTI.SymbolLength) }

// sourceSymbol returns source symbol i.
func (b *Bench) sourceSymbol(i int) []byte { return b.source[i*b.length() : (i+1)*b.length()] }

// repairSymbol returns repair symbol i, counted from 0, which grow has made.
func (b *Bench) repairSymbol(i int) fec.Symbol {
	return fec.Symbol{ESI: fec.ESI(b.block.K) + fec.ESI(i), Data: b.repair[i*b.length() : (i+1)*b.length()]}
}

// grow makes repair symbols until there are n of them.
func (b *Bench) grow(n int) error {
	have := len(b.repair) / b.length()
	if have >= n {
		return nil
	}
	if b.encoder == nil {
		e, err := b.newEncoder(b.scheme)
		if err != nil {
			return err
		}
		b.encoder = e
	}
	longer := make([]byte, len(b.repair), n*b.length())
	copy(longer, b.repair)
	for i := have; i < n; i++ {
		var err error
		if longer, err = b.encoder.AppendRepair(longer, fec.ESI(b.block.K)+fec.ESI(i)); err != nil {
			return err
		}
	}
	b.repair = longer
	return nil
}

func (b *Bench) newEncoder(s fec.Scheme) (fec.Encoder, error) {
	return s.NewEncoder(&b.block.OTI, b.block.Variant, b.block.K, b.source)
}
