package fecbench

import (
	"errors"
	"fmt"

	"github.com/flute-node/flute-node/fec"
)

var errLength = errors.New("fecbench: a repair symbol has the wrong length")

// Encode measures an encoder, which serves one block after the other if it can, with all that the scheme keeps from
// block to block.
func (b *Bench) Encode() (Result, error) {
	if err := b.encodes(); err != nil {
		return Result{}, err
	}
	e, err := b.newEncoder(b.scheme)
	if err != nil {
		return Result{}, err
	}
	if err := b.makeRepair(e); err != nil { // what the scheme keeps is made now
		return Result{}, err
	}
	return Measure(b.cfg, uint64(len(b.source)), Work{Run: func() error {
		if err := e.Reset(b.source); err != nil {
			return err
		}
		return b.makeRepair(e)
	}})
}

// EncodeCold measures the first block of its length that a scheme encodes.
func (b *Bench) EncodeCold() (Result, error) {
	if err := b.encodes(); err != nil {
		return Result{}, err
	}
	var cold fec.Scheme
	return Measure(b.cfg, uint64(len(b.source)), Work{
		Prepare: func() (err error) {
			cold, err = b.cfg.Registry().Scheme(&b.block.OTI)
			return err
		},
		Run: func() error {
			e, err := b.newEncoder(cold)
			if err != nil {
				return err
			}
			return b.makeRepair(e)
		},
	})
}

// encodes returns an error that wraps ErrSkipped when there is nothing to encode.
func (b *Bench) encodes() error {
	if b.block.Repair == 0 {
		return fmt.Errorf("%w: no repair symbols are made", ErrSkipped)
	}
	return b.fits(uint64(len(b.source)))
}

// makeRepair makes the repair symbols of the block.
func (b *Bench) makeRepair(e fec.Encoder) error {
	for i := range b.block.Repair {
		s, err := e.AppendRepair(b.symbol[:0], fec.ESI(b.block.K+i))
		if err != nil {
			return err
		}
		if len(s) != b.length() {
			return errLength
		}
	}
	return nil
}
