package inactivation

import (
	"math/bits"
	"slices"

	"github.com/flute-node/flute-node/fec/internal/kernel"
)

// compiler makes the plan of what a solver found.
type compiler struct {
	*solver
	plan     *Plan
	need     []bool   // the columns that are needed
	slot     []uint16 // of rows: the inputs of sums; 0: none yet
	left     []int32  // of the rows of dense: their rows in the slab, -1: not needed
	products []byte   // of inactive columns
}

// compile makes p the plan of a solver that succeeded. Of the columns only those of the rows lost are sure to be right,
// and the sums of those rows are the lost symbols. If lost is nil all columns are right.
func (c *compiler) compile(p *Plan, s *solver, lost *Rows) {
	p.reset()
	c.solver, c.plan = s, p
	c.need, c.slot = resize(c.need, s.code.Columns), resize(c.slot, s.rows.Len())
	clear(c.need)
	clear(c.slot)
	if lost == nil {
		for i := range c.need {
			c.need[i] = true
		}
	} else {
		c.plan.lost = room(c.plan.lost, sumHead*lost.Len()+len(lost.columns)+rowsAhead)
		for i := range lost.Len() {
			start := len(c.plan.lost)
			c.plan.lost = append(c.plan.lost.begin(i, 0), lost.Row(i)...)
			c.plan.lost.end(start)
		}
		c.mark(lost.columns)
	}
	d := &s.dense
	// The rows of the slab: columns, rows that are no pivots, dense rows.
	c.left = resize(c.left, d.count)
	rows := s.code.Columns
	for i, p := range d.pivotOf {
		c.left[i] = -1
		if p >= 0 {
			c.left[i] = int32(rows)
			rows++
		}
	}
	if len(d.free) > 0 {
		c.plan.dense, c.plan.denseAt = &s.code.Dense, rows
		rows += s.code.Size.Dense
	}
	c.plan.rows = rows
	c.forward()
	c.middle()
	c.back()
	if lost == nil {
		p.shortcut.take(s)
	}
}

// mark marks the columns that are needed for some columns: those in the rows of pivots.
func (c *compiler) mark(columns []uint16) {
	for _, column := range columns {
		c.need[column] = true
	}
	for i := len(c.graph.pivots) - 1; i >= 0; i-- {
		if p := c.graph.pivots[i]; c.need[p.column] {
			for _, column := range c.rows.Row(int(p.row)) {
				c.need[column] = true
			}
		}
	}
}

// inputOf returns the input of the sum for a row.
func (c *compiler) inputOf(row uint32) int {
	if c.slot[row] == 0 && c.inputs[row] != noInput {
		c.plan.inputs = append(c.plan.inputs, c.inputs[row])
		c.slot[row] = uint16(len(c.plan.inputs))
	}
	return int(c.slot[row])
}

// forward computes pivots with the inactive columns as zero, and the rows that are none.
func (c *compiler) forward() {
	g, p := &c.graph, c.plan
	p.inputs = room(p.inputs, c.rows.Len())
	p.forward = room(p.forward, sumHead*(len(g.inactive)+len(g.pivots)+len(c.left))+len(c.rows.columns)+rowsAhead)
	for _, column := range g.inactive {
		p.forward = p.forward.begin(int(column), 0)
	}
	for _, v := range g.pivots {
		c.sum(v.row, int(v.column), v.column)
	}
	for i, at := range c.left {
		if at >= 0 {
			c.sum(g.left[i], int(at), noColumn)
		}
	}
	if p.dense == nil {
		return
	}
	first := c.code.Columns - c.code.Size.Dense
	for i := range c.code.Size.Dense {
		if column := first + i; g.state[column] == pivoted {
			start := len(p.middle)
			p.middle = append(p.middle.begin(p.denseAt+i, 0), uint16(p.denseAt+i), uint16(column))
			p.middle.end(start)
		}
	}
}

// sum appends to forward the sum for a row, of the pivots among its columns but one.
func (c *compiler) sum(row uint32, destination int, but uint16) {
	start := len(c.plan.forward)
	s := c.plan.forward.begin(destination, c.inputOf(row))
	for _, column := range c.rows.Row(int(row)) {
		if column != but && c.graph.state[column] == pivoted {
			s = append(s, column)
		}
	}
	s.end(start)
	c.plan.forward = s
}

// middle computes inactive columns as if the free ones were zero, and then the free ones.
func (c *compiler) middle() {
	d, p, h := &c.dense, c.plan, c.code.Size.Dense
	cells := 0
	for _, r := range d.rowOf {
		if r >= 0 {
			for _, w := range d.row(int(r))[d.tail:] {
				cells += bits.OnesCount64(w)
			}
		}
	}
	p.middle = slices.Grow(p.middle, sumHead*d.rank+cells+rowsAhead)
	for column, r := range d.rowOf {
		if r < 0 {
			continue
		}
		start := len(p.middle)
		p.middle = p.middle.begin(int(c.graph.inactive[column]), 0)
		for at, w := range d.row(int(r))[d.tail:] {
			for ; w != 0; w &= w - 1 {
				p.middle = append(p.middle, uint16(c.left[64*at+bits.TrailingZeros64(w)]))
			}
		}
		p.middle.end(start)
	}
	n := len(d.free)
	if n == 0 {
		return
	}
	// The dense rows in terms of the columns that are not free are added, which leaves the free columns in them; the
	// inverse isolates those. Both are one matrix.
	if p.free.matrix == nil {
		p.free.matrix = kernel.NewMatrix(nil)
	}
	p.free.matrix.Reset(n, h+d.rank)
	p.free.dst, p.free.src = room(p.free.dst, n), room(p.free.src, h+d.rank)
	for k, f := range d.free {
		p.free.dst = append(p.free.dst, c.graph.inactive[f])
		copy(p.free.matrix.Row(k), d.inverse[k*h:(k+1)*h])
	}
	for i := range h {
		p.free.src = append(p.free.src, uint16(p.denseAt+i))
	}
	for column, r := range d.rowOf {
		if r >= 0 {
			p.free.src = append(p.free.src, c.graph.inactive[column])
		}
	}
	c.products = resize(c.products, d.columns)
	for k := range n {
		clear(c.products)
		for i, f := range d.inverse[k*h : (k+1)*h] {
			addScaled(c.products, d.field[i*d.columns:(i+1)*d.columns], f)
		}
		row := p.free.matrix.Row(k)[h:]
		for column, r := range d.rowOf {
			if r >= 0 {
				row[0], row = c.products[column], row[1:]
			}
		}
	}
}

// back computes the other inactive columns and then all pivots that are needed.
func (c *compiler) back() {
	d, p := &c.dense, c.plan
	cells := len(c.rows.columns) + d.rank*len(d.free)
	p.back = room(p.back, sumHead*(d.rank+len(c.graph.pivots))+cells+rowsAhead)
	for column, r := range d.rowOf {
		if r < 0 || len(d.free) == 0 {
			continue
		}
		start := len(p.back)
		to := c.graph.inactive[column]
		s := append(p.back.begin(int(to), 0), to)
		for _, f := range d.free {
			if test(d.row(int(r)), int(f)) {
				s = append(s, c.graph.inactive[f])
			}
		}
		s.end(start)
		p.back = s
	}
	p.settled = len(p.back)
	for _, v := range c.graph.pivots {
		if !c.need[v.column] {
			continue
		}
		start := len(p.back)
		s := p.back.begin(int(v.column), c.inputOf(v.row))
		for _, column := range c.rows.Row(int(v.row)) {
			if column != v.column {
				s = append(s, column)
			}
		}
		s.end(start)
		p.back = s
	}
}
