package inactivation

import (
	"fmt"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

// Encoder makes the repair symbols of one source block. It implements fec.Encoder. It is not safe for concurrent use.
//
// All intermediate symbols are computed with the first repair symbol, and kept, plane after plane, unless Prepare was
// told which symbols are wanted. A stripe of planes has room behind it for the other rows of a plan's slab, into which
// planes but its last spill over the next one, still to come.
type Encoder struct {
	engine *Engine
	block  Block
	known  *known
	plan   *Plan
	source []byte
	done   bool // the intermediate symbols are those of source

	planes planes
	slab   []byte
	inputs [][]byte // of the plan
	padded []byte   // copies of the source symbols that cannot be used as they are: zeros, the last one, or all
	sum    sums
	summed summed // what is in sum
	runner runner
	dst    [1][]byte
	short  [minWidth]byte

	// What Prepare made.
	first    fec.ESI
	prepared int      // symbols from first on
	vector   []uint64 // of the shortcut
	made     []byte
	outputs  [][]byte
}

// summed says which encoding symbols sums are for.
type summed struct {
	isi     uint32 // the first
	n       int
	settled bool // they are of rows after settle
}

// NewEncoder returns the encoder of a source block. The error, when source is too long, wraps flute.ErrOTI.
func (e *Engine) NewEncoder(b Block, source []byte) (*Encoder, error) {
	enc := &Encoder{engine: e, block: b, runner: runner{level: active}}
	if err := enc.Reset(source); err != nil {
		return nil, err
	}
	return enc, nil
}

// Reset implements fec.Encoder.
func (e *Encoder) Reset(source []byte) error {
	if uint64(len(source)) > uint64(e.block.Symbols)*uint64(e.block.SymbolLength) {
		return fmt.Errorf("%s: %d bytes in a source block of %d symbols of %d bytes: %w",
			e.engine.config.Name, len(source), e.block.Symbols, e.block.SymbolLength, flute.ErrOTI)
	}
	e.source, e.done, e.prepared = source, false, 0
	return nil
}

// Reuse makes enc, which is one of e, the encoder of another source block, and reports whether it can: the extended
// source blocks must be of one size, so that plan and memory serve both. If it cannot, enc is as it was.
func (e *Engine) Reuse(enc *Encoder, b Block, source []byte) bool {
	old := enc.block
	if enc.engine != e || b.Extended != old.Extended || b.SymbolLength != old.SymbolLength {
		return false
	}
	enc.block = b
	if enc.Reset(source) != nil {
		enc.block = old
		return false
	}
	return true
}

// AppendRepair implements fec.Encoder. ESIs are at least K.
func (e *Encoder) AppendRepair(b []byte, esi fec.ESI) ([]byte, error) {
	if int64(esi) < int64(e.block.Symbols) || esi >= e.block.MaxESI {
		return b, fmt.Errorf("%s: repair symbol %d is not one of %d to %d: %w",
			e.engine.config.Name, esi, e.block.Symbols, e.block.MaxESI-1, flute.ErrOTI)
	}
	if i := int64(esi) - int64(e.first); i >= 0 && i < int64(e.prepared) {
		return append(b, e.madeSymbol(int(i))...), nil
	}
	if !e.done {
		if err := e.compute(); err != nil {
			return b, err
		}
	}
	e.sumsOf(esi, 1, false)
	length := e.block.SymbolLength
	n := len(b)
	if length < minWidth {
		e.dst[0] = e.short[:]
	} else {
		b = append(b, make([]byte, length)...)
		e.dst[0] = b[n:]
	}
	stripes, size := e.stripes(), e.known.code().Columns*e.planes.width
	for s := range stripes {
		from, to := e.planes.stripe(s, stripes)
		slab := e.stripe(s, stripes)
		for i := from; i < to; i++ {
			off, width := e.planes.plane(i)
			e.runner.sums(e.sum, slab[(i-from)*size:], width, e.inputs, off, e.dst[:])
		}
	}
	if length < minWidth {
		b = append(b, e.short[:length]...)
	}
	e.dst[0] = nil
	return b, nil
}

// stripes returns in how many parts the slab is.
func (e *Encoder) stripes() int {
	if e.engine.config.Parallel == nil {
		return 1
	}
	return e.planes.stripes()
}

// stripe returns the memory of a stripe of n.
func (e *Encoder) stripe(i, n int) []byte {
	from, to := e.planes.stripe(i, n)
	columns, w := e.known.code().Columns, e.planes.width
	extra := (e.plan.rows - columns) * w
	return e.slab[from*columns*w+i*extra : to*columns*w+(i+1)*extra]
}

// findPlan makes plan that of the block.
func (e *Encoder) findPlan() error {
	if e.plan != nil {
		return nil
	}
	e.known = e.engine.known(e.block.Extended)
	if e.plan = e.known.plan(); e.plan == nil {
		return fmt.Errorf("%s: %d source symbols: singular matrix: %w", e.engine.config.Name, e.block.Extended,
			flute.ErrOTI)
	}
	return nil
}

// compute computes the intermediate symbols.
func (e *Encoder) compute() error {
	if err := e.findPlan(); err != nil {
		return err
	}
	if e.slab == nil {
		e.made, e.outputs, e.prepared = nil, nil, 0 // outputs are views of made
		e.sum, e.summed = nil, summed{}
		e.planes = newPlanes(e.block.SymbolLength, e.plan.rows, encoderBudget)
		columns := e.known.code().Columns
		n := e.stripes()
		e.slab = alignedBytes((e.planes.count*columns + n*(e.plan.rows-columns)) * e.planes.width)
	}
	e.setInputs()
	n := e.stripes()
	if n == 1 {
		e.computeStripe(0, 1, &e.runner)
	} else {
		e.engine.config.Parallel(n, func(i int) {
			w := e.engine.worker()
			e.computeStripe(i, n, &w.runner)
			e.engine.release(w)
		})
	}
	e.done = true
	return nil
}

func (e *Encoder) computeStripe(i, n int, r *runner) {
	from, to := e.planes.stripe(i, n)
	slab := e.stripe(i, n)
	size := e.known.code().Columns * e.planes.width
	for k := from; k < to; k++ {
		off, width := e.planes.plane(k)
		r.run(e.plan, slab[(k-from)*size:], width, e.inputs, off, nil)
	}
}

// setInputs finds the source symbols for the plan's inputs.
func (e *Encoder) setInputs() {
	length, room := e.block.SymbolLength, e.planes.length
	whole := len(e.source) / length
	if length < minWidth {
		whole = 0
	}
	// Padded symbols: one of zeros, then those from whole on that are not empty.
	filled := (len(e.source) + length - 1) / length
	if need := (1 + filled - whole) * room; cap(e.padded) < need {
		e.padded = make([]byte, need)
	} else {
		e.padded = e.padded[:need]
		clear(e.padded)
	}
	for i := whole; i < filled; i++ {
		copy(e.padded[(1+i-whole)*room:], e.source[i*length:min((i+1)*length, len(e.source))])
	}
	zeros := e.padded[:room]
	e.inputs = append(e.inputs[:0], zeros)
	for _, isi := range e.plan.inputs {
		switch i := int(isi); {
		case i < whole:
			e.inputs = append(e.inputs, e.source[i*length:(i+1)*length])
		case i < filled:
			at := (1 + i - whole) * room
			e.inputs = append(e.inputs, e.padded[at:at+room])
		default:
			e.inputs = append(e.inputs, zeros)
		}
	}
	e.inputs = paddedInputs(e.inputs)
}
