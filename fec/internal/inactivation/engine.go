package inactivation

import (
	"github.com/flute-node/flute-node/fec"
)

// Config is what an Engine is made of.
type Config struct {
	// Name begins the text of errors.
	Name string
	// Size returns the dimensions of the code for k' source symbols, and allocates nothing.
	Size func(extended int) Size
	// Code returns the code for k' source symbols.
	Code func(extended int) *Code
	// Parallel runs work on a large source block at the same time; nil: one after the other.
	Parallel fec.Parallel
	// PlanBytes bounds the plans that are kept for encoders, in bytes. 0: 64 MiB. The plan used last is kept in any case.
	PlanBytes uint64
}

// Block is the source block of an encoder or decoder. The scheme has checked that Symbols >= 1, Extended >= Symbols,
// SymbolLength >= 1 and MaxESI > Symbols.
type Block struct {
	Symbols      int     // K
	Extended     int     // K'
	SymbolLength int     // T, bytes
	MaxESI       fec.ESI // ESIs are below it
}

// Engine makes encoders and decoders. It is safe for concurrent use; they are not.
type Engine struct{ config Config }

// New returns an Engine without plans.
func New(c Config) *Engine { return &Engine{config: c} }

// Memory bounds what an encoder and a decoder of block b allocate.
func (e *Engine) Memory(b Block) fec.Memory { panic("soon") }

// NewEncoder returns the encoder of a source block. An error, when source is too long, wraps flute.ErrOTI.
func (e *Engine) NewEncoder(b Block, source []byte) (*Encoder, error) { panic("soon") }

// NewDecoder returns the decoder of a source block.
func (e *Engine) NewDecoder(b Block) *Decoder { panic("soon") }

// Encoder implements fec.Encoder and fec.Resetter.
type Encoder struct{}

// AppendRepair implements fec.Encoder.
func (e *Encoder) AppendRepair(b []byte, esi fec.ESI) ([]byte, error) { panic("soon") }

// Reset implements fec.Resetter.
func (e *Encoder) Reset(source []byte) error { panic("soon") }

// Decoder implements fec.Decoder and fec.Solver.
type Decoder struct{}

// Ready implements fec.Decoder.
func (d *Decoder) Ready(sources, repairs int) bool { panic("soon") }

// Recover implements fec.Decoder.
func (d *Decoder) Recover(source [][]byte, repair []fec.Symbol) error { panic("soon") }

// Matches implements fec.Decoder.
func (d *Decoder) Matches(source [][]byte, s fec.Symbol) bool { panic("soon") }

// Solve implements fec.Solver.
func (d *Decoder) Solve(lost, repair []fec.ESI) error { panic("soon") }
