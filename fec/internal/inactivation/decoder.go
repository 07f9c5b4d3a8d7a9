package inactivation

import (
	"github.com/flute-node/flute-node/fec"
)

// Memory bounds what an encoder and a decoder of block b allocate.
func (e *Engine) Memory(b Block) fec.Memory { panic("soon") }

// NewDecoder returns the decoder of a source block.
func (e *Engine) NewDecoder(b Block) *Decoder { panic("soon") }

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
