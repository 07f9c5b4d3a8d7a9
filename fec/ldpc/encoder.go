package ldpc

import (
	"fmt"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/kernel"
	"github.com/flute-node/flute-node/flute"
)

// Encoder makes the repair symbols of one source block, all of them with the first that is asked for: each is the sum
// of some source symbols and of repair symbols before it. It is not safe for concurrent use.
type Encoder struct {
	scheme *Scheme
	params params
	length int // of a symbol, bytes
	stride int // of repair
	source []byte
	last   []byte // the bytes of the last source symbol, when source ends within it
	repair []byte // all repair symbols, if made
	made   bool
}

var _ fec.Encoder = (*Encoder)(nil)

// NewEncoder implements [fec.Scheme]; it returns an *Encoder.
func (s *Scheme) NewEncoder(o *fec.OTI, v fec.Variant, k uint32, source []byte) (fec.Encoder, error) {
	p, err := blockParameters(o, v, k)
	if err != nil {
		return nil, err
	}
	e := &Encoder{scheme: s, params: p, length: int(o.SymbolLength), stride: strideOf(int(o.SymbolLength))}
	if err := e.Reset(source); err != nil {
		return nil, err
	}
	return e, nil
}

// Reset implements [fec.Encoder].
func (e *Encoder) Reset(source []byte) error {
	if len(source) > e.params.k*e.length {
		return fmt.Errorf("ldpc: %d bytes in a source block of %d symbols of %d bytes: %w",
			len(source), e.params.k, e.length, flute.ErrOTI)
	}
	e.source, e.made = source, false
	return nil
}

// AppendRepair implements [fec.Encoder]: esi is at least k and below n.
func (e *Encoder) AppendRepair(b []byte, esi fec.ESI) ([]byte, error) {
	if !e.params.isRepair(esi) {
		return b, fmt.Errorf("ldpc: repair symbol %d is not one of %d to %d: %w", esi, e.params.k, e.params.n-1,
			flute.ErrOTI)
	}
	if !e.made {
		e.encode()
	}
	at := (int(esi) - e.params.k) * e.stride
	return append(b, e.repair[at:at+e.length]...), nil
}

// encode makes all repair symbols.
func (e *Encoder) encode() {
	m := e.scheme.matrices.get(e.params)
	e.repair = resize(e.repair, e.params.repairs()*e.stride)
	whole := len(e.source) / e.length
	e.last = e.source[whole*e.length:]
	if e.scheme.parallel == nil { // so that nothing is allocated
		e.stripe(m, whole, 0, e.length)
	} else {
		stripes(e.scheme.parallel, e.length, len(e.source), func(from, to int) { e.stripe(m, whole, from, to) })
	}
	e.made = true
}

// stripe makes the bytes from to before to of all repair symbols. Only the first source symbols are whole; the next one
// begins with the bytes in last, and what follows is zero.
func (e *Encoder) stripe(m *matrix, whole, from, to int) {
	for row := range e.params.repairs() {
		dst := e.repair[row*e.stride+from : row*e.stride+to]
		sources := m.sources.of(row)
		short := false
		for n := len(sources); n > 0 && int(sources[n-1]) >= whole; n-- { // they are in ascending order
			short = short || int(sources[n-1]) == whole
			sources = sources[:n-1]
		}
		if len(sources) == 0 {
			clear(dst) // source may end before from
		} else {
			kernel.SetSumRows(dst, e.source[from:], e.length, sources)
		}
		if short && from < len(e.last) {
			end := min(to, len(e.last))
			kernel.Xor(dst[:end-from], e.last[from:end])
		}
		if before := m.repairCols.of(row); len(before) > 0 {
			kernel.SumRows(dst, e.repair[from:], e.stride, before)
		}
	}
}

// strideOf returns the distance of symbols in memory of one's own: the kernels are fastest on aligned ones.
func strideOf(length int) int { return (length + 63) &^ 63 }

// resize returns a slice of n elements of any content, in the memory of b if it has the room.
func resize[T any](b []T, n int) []T {
	if cap(b) < n {
		return make([]T, n)
	}
	return b[:n]
}

// Bounds on splitting work by byte columns.
const (
	minStripe   = 512     // bytes; shorter ones cost more calls than they are worth
	minParallel = 1 << 20 // bytes of work in all
)

// stripes calls f for the byte columns of symbols of length bytes, in parts if there is enough work.
func stripes(parallel func(n int, f func(i int)), length, work int, f func(from, to int)) {
	n := length / minStripe
	if parallel == nil || n < 2 || work < minParallel {
		f(0, length)
		return
	}
	width := (length/n + 63) &^ 63
	parallel((length+width-1)/width, func(i int) { f(i*width, min((i+1)*width, length)) })
}
