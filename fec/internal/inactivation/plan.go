package inactivation

import (
	"slices"

	"github.com/flute-node/flute-node/fec/internal/kernel"
)

// A plan's sums are kept as words of 16 bits, one sum after the other:
//
//	destination  a row of the slab, or, in the sums of lost symbols, the number of one
//	n            number of rows
//	input        the symbol that is added; 0 is a symbol of zeros
//	rows         n rows of the slab
//
// A destination may be among the rows.
const sumHead = 3

// sums is a list of sums in the order in which they are computed.
type sums []uint16

// begin begins a sum, to which rows can be appended; end ends it.
func (s sums) begin(destination, input int) sums {
	return append(s, uint16(destination), 0, uint16(input))
}

func (s sums) end(start int) { s[start+1] = uint16(len(s) - start - sumHead) }

// Rows and inputs are fetched before they are needed: it takes longer to get them from memory than to add them. So
// whoever computes sums reads beyond the end of a list of them, and of the inputs.
const (
	rowsAhead  = 130 // words
	inputAhead = 16  // inputs
)

// padded returns s with memory behind it that may be read.
func (s sums) padded() sums { return slices.Grow(s, rowsAhead) }

// paddedInputs appends inputs that may be fetched.
func paddedInputs(inputs [][]byte) [][]byte {
	for range inputAhead {
		inputs = append(inputs, inputs[0])
	}
	return inputs
}

// Plan is what has to be computed, in order, on a slab of rows, to get the intermediate symbols of a block. Its first
// rows are those symbols. It is immutable and safe for concurrent use.
type Plan struct {
	rows    int     // of the slab
	inputs  []int32 // the symbols of the block that the inputs 1, 2, … of sums are
	forward sums    // pivots, with the inactive columns as zero, and of that the rows that are no pivots
	dense   *Dense  // the dense rows, of the forward pivots; nil when they are not needed
	denseAt int     // their rows in the slab
	middle  sums    // the dense columns into dense rows; inactive columns, but for the free ones
	free    product // the free columns
	back    sums    // the other inactive columns; pivots
	settled int     // where the pivots begin in back
	lost    sums    // lost symbols, of a decoder

	shortcut shortcut // of an encoder
}

// product is a product of a matrix and rows of the slab.
type product struct {
	matrix   *kernel.Matrix
	dst, src []uint16
}

// reset makes p an empty plan in the same memory.
func (p *Plan) reset() {
	p.inputs, p.forward, p.middle, p.back, p.lost = p.inputs[:0], p.forward[:0], p.middle[:0], p.back[:0], p.lost[:0]
	p.free.dst, p.free.src = p.free.dst[:0], p.free.src[:0]
	p.dense = nil
}

func (p *Plan) bytes() uint64 {
	n := 2 * (cap(p.forward) + cap(p.middle) + cap(p.back) + cap(p.lost) + cap(p.free.dst) + cap(p.free.src))
	n += 4 * cap(p.inputs)
	if p.free.matrix != nil {
		n += p.free.matrix.Bytes()
	}
	return uint64(n) + p.shortcut.bytes()
}
