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
	scheme *Scheme
	block
	usual  int // repair symbols by the n-algorithm
	source []byte
	// ends are the symbols that source does not fill: the one that it ends within, zero padded, and one of zeros.
	ends []byte
	// repair has the usual repair symbols. They are made in batches of as many as maxRows says; made tells which are
	// there.
	repair []byte
	made   []bool
	// more has a batch of the others, of moreEnd - moreFirst symbols.
	more               []byte
	moreFirst, moreEnd int
}

var _ fec.Encoder = (*Encoder)(nil)

// NewEncoder implements [fec.Scheme]; it returns an *Encoder. The repair symbols that the n-algorithm gives (RFC 5510,
// section 6.2) are computed with the first one that is asked for, or in batches of 2^17 coefficients if they are more,
// and kept. Of others only a batch is kept.
func (s *Scheme) NewEncoder(o *fec.OTI, v fec.Variant, k uint32, source []byte) (fec.Encoder, error) {
	b, err := s.block(o, v, k)
	if err != nil {
		return nil, err
	}
	e := &Encoder{scheme: s, block: b, usual: usualRepair(o, k, b.n)}
	if err := e.Reset(source); err != nil {
		return nil, err
	}
	return e, nil
}

// usualRepair returns how many repair symbols the n-algorithm gives for k source symbols and no more than n encoding
// symbols.
func usualRepair(o *fec.OTI, k uint32, n int) int { return min(int(o.RepairSymbols(k)), n-int(k)) }

// Reset makes e the encoder of another source block of as many symbols, or of the same block with other bytes. It keeps
// source and uses the memory of e again.
func (e *Encoder) Reset(source []byte) error {
	if len(source) > e.k*e.length {
		return fmt.Errorf("rs: %d bytes in a source block of %d symbols of %d bytes: %w", len(source), e.k, e.length,
			flute.ErrOTI)
	}
	e.source, e.moreFirst, e.moreEnd = source, 0, 0
	clear(e.made)
	if whole := len(source) / e.length; whole < e.k {
		e.ends = sized(e.ends, min(e.k-whole, 2)*e.length)
		clear(e.ends[copy(e.ends, source[whole*e.length:]):])
	}
	return nil
}

// AppendRepair implements [fec.Encoder]: esi is at least k and below max_n.
func (e *Encoder) AppendRepair(b []byte, esi fec.ESI) ([]byte, error) {
	if esi < fec.ESI(e.k) || esi >= fec.ESI(e.n) {
		return b, fmt.Errorf("rs: repair symbol %d is not one of %d to %d: %w", esi, e.k, e.n-1, flute.ErrOTI)
	}
	i := int(esi) - e.k
	if i < e.usual {
		return append(b, e.usualSymbol(i)...), nil
	}
	if i < e.moreFirst || i >= e.moreEnd {
		rows := min(batch, maxRows(e.k))
		first := i - (i-e.usual)%rows
		end := min(first+rows, e.n-e.k)
		e.more = sized(e.more, rows*e.length)
		e.encode(e.more, first, end-first)
		e.moreFirst, e.moreEnd = first, end
	}
	return append(b, symbol(e.more, i-e.moreFirst, e.length)...), nil
}

// usualSymbol returns repair symbol i, counted from 0, one of those by the n-algorithm.
func (e *Encoder) usualSymbol(i int) []byte {
	rows := maxRows(e.k)
	if e.repair == nil {
		e.repair, e.made = make([]byte, e.usual*e.length), make([]bool, (e.usual+rows-1)/rows)
	}
	if made := &e.made[i/rows]; !*made {
		first := i - i%rows
		count := min(rows, e.usual-first)
		e.encode(e.repair[first*e.length:], first, count)
		*made = true
	}
	return symbol(e.repair, i, e.length)
}

// encode writes count repair symbols to dst, from the first on, counted from 0.
func (e *Encoder) encode(dst []byte, first, count int) {
	w := e.scheme.workspaces.take(e.code)
	defer e.scheme.workspaces.put(w)
	w.src, w.dst = sized(w.src, e.k), sized(w.dst, count)
	whole := len(e.source) / e.length
	for i := range w.src {
		if i < whole {
			w.src[i] = symbol(e.source, i, e.length)
		} else {
			w.src[i] = symbol(e.ends, min(i-whole, 1), e.length)
		}
	}
	for i := range w.dst {
		w.dst[i] = symbol(dst, i, e.length)
	}
	e.scheme.multiply(w, e.scheme.matrix(&e.block, e.k+first, count, w), w.dst, w.src)
}

// symbol returns symbol i of b.
func symbol(b []byte, i, length int) []byte { return b[i*length : (i+1)*length : (i+1)*length] }
