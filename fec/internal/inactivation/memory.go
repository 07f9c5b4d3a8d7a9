package inactivation

import (
	"math"

	"github.com/flute-node/flute-node/fec"
)

// limit returns how many columns may become inactive in a decoder, where the ISIs of rows are not of our choice.
// Besides those that are inactive from the start, about half the square root of L become so, at most its double in
// millions of patterns of loss; memory grows with the square of it.
func (s *Size) limit() int {
	return min(s.Columns, s.Inactive+96+4*int(math.Sqrt(float64(s.Columns))))
}

// need is what work on a source block of a code takes.
type need struct {
	rows     uint64 // of symbols and fixed
	cells    uint64 // of rows
	inactive uint64 // columns
	left     uint64 // rows that are no pivots
	slab     uint64 // rows of a slab
}

func (s *Size) need(symbols, cells int) need {
	n := need{rows: uint64(s.Fixed + symbols), cells: uint64(s.cells() + cells), inactive: uint64(s.limit())}
	// As many rows are pivots as there are columns that are not inactive.
	n.left = n.rows + n.inactive - uint64(s.Columns)
	n.slab = uint64(s.Columns+s.Dense) + min(n.left, n.inactive)
	return n
}

// solver bounds the memory of a solver.
func (n *need) solver(s *Size) uint64 {
	l, h := uint64(s.Columns), uint64(s.Dense)
	words := (n.inactive + 63) / 64
	rows := 8*n.rows + 2*n.cells                                   // solver.rows, inputs
	graph := 21*l + 18*n.rows + 4*spare + 2*n.inactive + 4*n.cells // graph, sets
	vectors := 8 * words * (l + 1)
	wide := words + (n.left+spare+63)/64
	dense := (n.left+spare)*(8*wide+4) + n.inactive*6 + 2*h*n.inactive + 64*(h+1)*words + h*(2*h)
	return rows + graph + vectors + dense
}

// plan bounds the memory of a plan, and that of making it.
func (n *need) plan(s *Size, lost, cells uint64) uint64 {
	l, h := uint64(s.Columns), uint64(s.Dense)
	forward := sumHead*(l+n.left+h) + n.cells
	middle := sumHead*(n.inactive+2*h) + min(n.left, n.inactive)*n.inactive
	back := sumHead*l + n.cells + n.inactive*h
	words := forward + middle + back + sumHead*lost + cells + 4*rowsAhead
	matrix := (h + 1) * (n.inactive + h)
	return 2*words + 4*n.rows + matrix + 4*(h+n.inactive) + 3*l + 2*n.rows + 4*n.left
}

// shortcut bounds the memory of the shortcut of an encoder's plan.
func (n *need) shortcut(s *Size) uint64 {
	return uint64(s.Columns)*(1+8*((n.inactive+63)/64)) + 2*n.inactive
}

// code bounds the memory of a Code and of the rows of the source symbols, and that of making them.
func (s *Size) code() uint64 {
	return 3*(4*uint64(s.Fixed)+2*uint64(s.cells())) + 2*uint64(s.Columns) + s.sourceRows() + 8<<10
}

// sourceRows bounds the rows of the source symbols.
func (s *Size) sourceRows() uint64 { return uint64(s.Source) * 24 }

// slabs bounds the slabs of all stripes, but for the columns of an encoder.
func (n *need) slabs(e *Engine, p *planes, rows uint64) uint64 {
	stripes := uint64(1)
	if e.config.Parallel != nil {
		stripes = uint64(p.stripes())
	}
	return stripes * (rows*uint64(p.width) + 1024)
}

// Memory bounds what an encoder and a decoder of block b allocate, with all that they share with others.
func (e *Engine) Memory(b Block) fec.Memory {
	size := e.config.Size(b.Extended)
	room := uint64(max(b.SymbolLength, minWidth))
	k := uint64(b.Symbols)
	n := size.need(size.Source, size.cellsOf())
	p := newPlanes(b.SymbolLength, int(n.slab), encoderBudget)
	common := size.code() + n.plan(&size, 0, 0) + n.shortcut(&size)
	padded := room // of zeros
	if b.SymbolLength < minWidth {
		padded += (uint64(size.Columns) + 1) * room
	} else {
		padded += room
	}
	l := uint64(size.Columns)
	headers := 24 * (l + inputAhead + 1)
	encoder := common + n.solver(&size) + padded + headers + l*(room+maxWidth) + n.slabs(e, &p, n.slab-l)

	most := k + uint64(b.surplus())
	m := size.need(size.Source+b.surplus(), b.cells(&size))
	p = newPlanes(b.SymbolLength, int(m.slab), decoderBudget)
	if b.SymbolLength < minWidth {
		padded += (k + 1) * room
	}
	decoder := common + m.solver(&size) + m.plan(&size, k, uint64(size.Source)*12) + 12*uint64(size.Source) + 4*k +
		padded + headers + 24*k + m.slabs(e, &p, m.slab) + m.slab*uint64(p.width) + 24*most + 32*most + b.few(&size)
	return fec.Memory{Encoder: slack(encoder), Decoder: slack(decoder)}
}

// few bounds the memory of few, besides slabs that are there anyway.
func (b *Block) few(s *Size) uint64 {
	l := uint64(min(float64(b.Symbols), math.Sqrt(20*float64(b.Extended))+1)) // see isFew
	rows, sums := 2*(l+1)*l, 2*(l+1)*uint64(sumHead+s.degree()+s.limit())
	return rows + l*l + l*(l+uint64(b.surplus())) + sums + uint64(s.Source) + 4*rowsAhead + 4*l + l*maxWidth + 8<<10
}

// slack adds what the allocator rounds up to, and small things.
func slack(n uint64) uint64 { return n + n/8 + 32<<10 }
