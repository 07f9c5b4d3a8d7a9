package ldpc

import (
	"fmt"
	"slices"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/kernel"
	"github.com/flute-node/flute-node/flute"
)

// Encoder makes the repair symbols of one source block, all of them with the first that is asked for: each is the sum of some
// source symbols and of repair symbols before it. It is not safe for concurrent use.
type Encoder struct {
	scheme *Scheme
	params params
	length int // of a symbol, bytes
	source []byte
	last   []byte // the last source symbol, zero padded, when source ends within it
	repair []byte
	made   bool
}

var (
	_ fec.Encoder  = (*Encoder)(nil)
	_ fec.Resetter = (*Encoder)(nil)
)

// NewEncoder implements fec.Scheme; it returns an *Encoder.
func (s *Scheme) NewEncoder(o *fec.OTI, _ fec.Variant, k uint32, source []byte) (fec.Encoder, error) {
	p, err := parameters(o, k)
	if err != nil {
		return nil, err
	}
	e := &Encoder{scheme: s, params: p, length: int(o.SymbolLength)}
	if err := e.Reset(source); err != nil {
		return nil, err
	}
	return e, nil
}

// Reset implements fec.Resetter.
func (e *Encoder) Reset(source []byte) error {
	if len(source) > e.params.k*e.length {
		return fmt.Errorf("ldpc: %d bytes in a source block of %d symbols of %d bytes: %w",
			len(source), e.params.k, e.length, flute.ErrOTI)
	}
	e.source, e.made = source, false
	return nil
}

// AppendRepair implements fec.Encoder: esi is at least k and below n.
func (e *Encoder) AppendRepair(b []byte, esi fec.ESI) ([]byte, error) {
	if int(esi) < e.params.k || int(esi) >= e.params.n {
		return b, fmt.Errorf("ldpc: repair symbol %d is not one of %d to %d: %w", esi, e.params.k, e.params.n-1, flute.ErrOTI)
	}
	if !e.made {
		e.encode()
	}
	i := int(esi) - e.params.k
	return append(b, e.repair[i*e.length:(i+1)*e.length]...), nil
}

// encode makes all repair symbols.
func (e *Encoder) encode() {
	m := e.scheme.matrices.get(e.params)
	size := e.params.repairs() * e.length
	e.repair = slices.Grow(e.repair[:0], size)[:size]
	whole := len(e.source) / e.length
	e.last = e.last[:0]
	if whole < e.params.k {
		e.last = append(e.last, e.source[whole*e.length:]...)
	}
	stripes(e.scheme.parallel, e.length, size, func(from, to int) { e.stripe(m, whole, from, to) })
	e.made = true
}

// stripe makes the bytes from to before to of all repair symbols. Source symbols from whole on are zero, but for the bytes in
// last.
func (e *Encoder) stripe(m *matrix, whole, from, to int) {
	for row := range e.params.repairs() {
		dst := e.repair[row*e.length+from : row*e.length+to]
		sources := m.sources.of(row)
		short := false
		for n := len(sources); n > 0 && int(sources[n-1]) >= whole; n-- { // they are in ascending order
			short = short || int(sources[n-1]) == whole
			sources = sources[:n-1]
		}
		if len(sources) == 0 {
			clear(dst)
		} else {
			kernel.SetSumRows(dst, e.source[from:], e.length, sources)
		}
		if short && from < len(e.last) {
			end := min(to, len(e.last))
			kernel.Xor(dst[:end-from], e.last[from:end])
		}
		if before := m.repairCols.of(row); len(before) > 0 {
			kernel.SumRows(dst, e.repair[from:], e.length, before)
		}
	}
}

// Bounds on splitting work by byte columns.
const (
	minStripe   = 512     // bytes; shorter ones cost more calls than they are worth
	minParallel = 1 << 20 // bytes of work in all
)

// stripes calls f for the byte columns of symbols of length bytes, in parts if there is enough work.
func stripes(parallel fec.Parallel, length, work int, f func(from, to int)) {
	n := length / minStripe
	if parallel == nil || n < 2 || work < minParallel {
		f(0, length)
		return
	}
	width := (length/n + 63) &^ 63
	parallel((length+width-1)/width, func(i int) { f(i*width, min((i+1)*width, length)) })
}
