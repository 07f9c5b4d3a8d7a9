package rs

import (
	"fmt"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

// batch is how many repair symbols are made at a time of those that a sender makes beyond the n-algorithm.
const batch = 16

// Encoder makes the repair symbols of one source block. It is not safe for concurrent use.
type Encoder struct {
	scheme  *Scheme
	variant fec.Variant
	k, n    int
	usual   int // repair symbols by the n-algorithm
	length  int // of a symbol, bytes
	source  []byte
	last    []byte // the source symbols from where source ends within one, zero padded
	repair  []byte // the first repair symbols, made so far
	product product
}

var _ fec.Encoder = (*Encoder)(nil)

// NewEncoder implements fec.Scheme; it returns an *Encoder. All repair symbols that the n-algorithm gives (RFC 5510,
// section 6.2) are computed with the first one that is asked for, others in batches.
func (s *Scheme) NewEncoder(o *fec.OTI, v fec.Variant, k uint32, source []byte) (fec.Encoder, error) {
	n := min(o.MaxESI(k), order)
	if k == 0 || k > n || o.SymbolLength == 0 {
		return nil, fmt.Errorf("rs: source block of %d symbols of %d bytes: %w", k, o.SymbolLength, flute.ErrOTI)
	}
	if !known(v) {
		return nil, fmt.Errorf("rs: no code is called %q: %w", v, flute.ErrOTI)
	}
	e := &Encoder{
		scheme: s, variant: v, k: int(k), n: int(n), usual: int(min(o.RepairSymbols(k), n-k)), length: int(o.SymbolLength),
	}
	if err := e.Reset(source); err != nil {
		return nil, err
	}
	return e, nil
}

// Reset makes e the encoder of another source block of as many symbols, or of the same block with other bytes. It keeps
// source and uses the memory of e again.
func (e *Encoder) Reset(source []byte) error {
	if len(source) > e.k*e.length {
		return fmt.Errorf("rs: %d bytes in a source block of %d symbols of %d bytes: %w", len(source), e.k, e.length, flute.ErrOTI)
	}
	e.source, e.repair = source, e.repair[:0]
	whole := len(source) / e.length
	if need := (e.k - whole) * e.length; cap(e.last) < need {
		e.last = make([]byte, need)
	} else {
		e.last = e.last[:need]
	}
	clear(e.last[copy(e.last, source[whole*e.length:]):])
	return nil
}

// AppendRepair implements fec.Encoder: esi is at least k and below max_n.
func (e *Encoder) AppendRepair(b []byte, esi fec.ESI) ([]byte, error) {
	if esi < fec.ESI(e.k) || esi >= fec.ESI(e.n) {
		return b, fmt.Errorf("rs: repair symbol %d is not one of %d to %d: %w", esi, e.k, e.n-1, flute.ErrOTI)
	}
	i := int(esi) - e.k
	if made := len(e.repair) / e.length; i >= made {
		to := e.usual
		if i >= e.usual {
			to = min(max(i+1, made+batch), e.n-e.k)
		}
		if err := e.extend(made, to); err != nil {
			return b, err
		}
	}
	return append(b, e.repair[i*e.length:(i+1)*e.length]...), nil
}

// extend computes the repair symbols from the first, counted from 0, to before end.
func (e *Encoder) extend(first, end int) error {
	c, err := e.scheme.codec(codecKey{e.variant, e.k, first, end - first})
	if err != nil {
		return err
	}
	if size := end * e.length; cap(e.repair) < size {
		grown := make([]byte, len(e.repair), size)
		copy(grown, e.repair)
		e.repair = grown
	}
	room := e.repair[:end*e.length]
	column := e.product.column(e.k, end-first)
	whole := e.k - len(e.last)/e.length
	for i := range column {
		switch {
		case i < whole:
			column[i] = symbol(e.source, i, e.length)
		case i < e.k:
			column[i] = symbol(e.last, i-whole, e.length)
		default:
			column[i] = symbol(room, first+i-e.k, e.length)
		}
	}
	err = e.product.run(c, e.k)
	e.product.release()
	if err != nil {
		return fmt.Errorf("rs: %w", err)
	}
	e.repair = room
	return nil
}

// symbol returns symbol i of b.
func symbol(b []byte, i, length int) []byte { return b[i*length : (i+1)*length : (i+1)*length] }
