package raptor

import (
	"fmt"
	"slices"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/kernel"
	"github.com/flute-node/flute-node/flute"
)

// Encoder makes the repair symbols of one source block, any of them in any order. It is not safe for concurrent use.
type Encoder struct {
	scheme *Scheme
	code   code
	length int // of a symbol, bytes
	source []byte
	plan   *program // nil before the first repair symbol
	layout layout
	slab   []byte // the intermediate symbols, if coded
	coded  bool
	rows   []uint32
}

var _ fec.Resetter = (*Encoder)(nil)

// NewEncoder implements fec.Scheme; it returns an *Encoder. The intermediate symbols are computed with the first repair
// symbol that is asked for.
func (s *Scheme) NewEncoder(o *fec.OTI, v fec.Variant, k uint32, source []byte) (fec.Encoder, error) {
	if err := check(o, v, k); err != nil {
		return nil, err
	}
	e := &Encoder{scheme: s, code: newCode(int(k)), length: int(o.SymbolLength)}
	if err := e.Reset(source); err != nil {
		return nil, err
	}
	return e, nil
}

// Reset implements fec.Resetter. It keeps source and uses the memory of e again.
func (e *Encoder) Reset(source []byte) error {
	if len(source) > e.code.k*e.length {
		return fmt.Errorf("raptor: %d bytes in a source block of %d symbols of %d bytes: %w",
			len(source), e.code.k, e.length, flute.ErrOTI)
	}
	e.source, e.coded = source, false
	return nil
}

// AppendRepair implements fec.Encoder: esi is at least k and below 65521, from where on the first encoding symbols repeat.
func (e *Encoder) AppendRepair(b []byte, esi fec.ESI) ([]byte, error) {
	if esi < fec.ESI(e.code.k) || esi >= modulus {
		return b, fmt.Errorf("raptor: repair symbol %d is not one of %d to %d: %w", esi, e.code.k, modulus-1, flute.ErrOTI)
	}
	if !e.coded {
		e.encode()
	}
	e.rows = e.code.appendLT(e.rows[:0], uint32(esi))
	n := len(b)
	b = slices.Grow(b, e.length)[:n+e.length]
	e.layout.sum(b[n:], e.slab, e.rows)
	return b, nil
}

// encode computes the intermediate symbols.
func (e *Encoder) encode() {
	if e.plan == nil {
		e.plan = e.scheme.plans.get(&e.code, &e.scheme.works)
		e.layout = newLayout(e.plan.rows, e.length, e.scheme.parallel != nil)
		e.slab = make([]byte, e.layout.size())
	}
	in := symbols{contiguous: e.source, length: e.length}
	e.scheme.each(e.layout.planes, func(i int) {
		e.plan.run(e.layout.plane(e.slab, i), e.layout.width, in, i*e.layout.width)
	})
	e.coded = true
}

// sum sets dst, a symbol, to the sum of rows of slab.
func (l layout) sum(dst, slab []byte, rows []uint32) {
	for i := range l.planes {
		start, end := l.span(i)
		kernel.SetSumRows(dst[start:end], l.plane(slab, i), l.width, rows)
	}
}
