package inactivation

// column states
const (
	open    = iota // not yet decided
	pivoted        // the sum of a row, of pivots before it, and of inactive columns
	inactive
)

// pivot is a row that says what a column is.
type pivot struct {
	row    uint32
	column uint16
}

// graph is the first phase: it chooses pivots and inactive columns.
type graph struct {
	pivots   []pivot
	left     []uint32 // rows that are no pivots
	inactive []uint16 // columns, by their index
	state    []uint8  // of columns
	index    []uint16 // of inactive columns

	weight []uint16 // active columns of a row
	xor    []uint16 // of them
	used   []bool   // rows that are pivots
	starts []uint32 // of columns in cells; one more at the end
	cells  []uint32 // the rows that a column is in
	ones   []uint32 // rows that came down to one active column
	twos   []uint32 // and to two
	sets   sets
}

// eliminate reports whether no more than limit columns became inactive.
func (g *graph) eliminate(c *Code, rows *Rows, limit int) bool {
	g.build(c, rows, limit)
	for {
		// The row that came down to one column last is taken first: what it needs has just been computed.
		for len(g.ones) > 0 {
			r := g.ones[len(g.ones)-1]
			g.ones = g.ones[:len(g.ones)-1]
			if g.weight[r] == 1 {
				column := g.xor[r]
				g.pivots = append(g.pivots, pivot{r, column})
				g.used[r] = true
				g.state[column] = pivoted
				g.remove(column)
			}
		}
		column, ok := g.choose(rows)
		if !ok {
			break
		}
		if len(g.inactive) == limit {
			return false
		}
		g.deactivate(column)
	}
	for column := range g.state {
		if g.state[column] == open { // in no row that is left
			if len(g.inactive) == limit {
				return false
			}
			g.deactivate(uint16(column))
		}
	}
	for r, used := range g.used {
		if !used {
			g.left = append(g.left, uint32(r))
		}
	}
	return true
}

// build begins with all rows.
func (g *graph) build(c *Code, rows *Rows, limit int) {
	n, m := c.Columns-c.Inactive, rows.Len()
	g.pivots, g.left, g.inactive = room(g.pivots, n), room(g.left, m+spare), room(g.inactive, min(limit, c.Columns))
	g.ones, g.twos = room(g.ones, m), room(g.twos, m)
	g.state, g.index = resize(g.state, c.Columns), resize(g.index, c.Columns)
	g.weight, g.xor, g.used = resize(g.weight, m), resize(g.xor, m), resize(g.used, m)
	g.starts = resize(g.starts, n+2)
	clear(g.state)
	clear(g.used)
	clear(g.starts)
	for column := n; column < c.Columns; column++ {
		g.state[column] = inactive
		g.index[column] = uint16(len(g.inactive))
		g.inactive = append(g.inactive, uint16(column))
	}
	// Columns are counted two places further on, so that the starts are right once all cells are in place.
	counts, start := g.starts[2:], uint32(0)
	total := uint32(0)
	for r, end := range rows.ends {
		weight, xor := uint16(0), uint16(0)
		for _, column := range rows.columns[start:end] {
			if int(column) < n {
				counts[column]++
				weight++
				xor ^= column
			}
		}
		g.weight[r], g.xor[r] = weight, xor
		total += uint32(weight)
		start = end
		switch weight {
		case 1:
			g.ones = append(g.ones, uint32(r))
		case 2:
			g.twos = append(g.twos, uint32(r))
		}
	}
	for i := 2; i < len(g.starts); i++ {
		g.starts[i] += g.starts[i-1]
	}
	g.cells = resize(g.cells, int(total))
	places := g.starts[1:]
	start = 0
	for r, end := range rows.ends {
		for _, column := range rows.columns[start:end] {
			if int(column) < n {
				g.cells[places[column]] = uint32(r)
				places[column]++
			}
		}
		start = end
	}
	g.sets.reset(n)
}

// cellsOf returns the rows that a column is in, which is not inactive from the start.
func (g *graph) cellsOf(column uint16) []uint32 { return g.cells[g.starts[column]:g.starts[column+1]] }

func (g *graph) degree(column uint16) uint32 { return g.starts[column+1] - g.starts[column] }

// remove takes a column, no longer active, out of its rows.
func (g *graph) remove(column uint16) {
	for _, r := range g.cellsOf(column) {
		g.weight[r]--
		g.xor[r] ^= column
		switch g.weight[r] {
		case 1:
			g.ones = append(g.ones, r)
		case 2:
			g.twos = append(g.twos, r)
		}
	}
}

func (g *graph) deactivate(column uint16) {
	g.state[column] = inactive
	g.index[column] = uint16(len(g.inactive))
	g.inactive = append(g.inactive, column)
	g.remove(column)
}

// choose returns the column to set aside, now that no row has one active column: one of the largest component of the
// graph whose nodes are columns and whose edges are the rows with two active columns (RFC 6330, section 5.4.2.2). All
// others of the component become pivots then. Without such rows it is a column of a row with the fewest active columns.
// It reports false when there is none.
func (g *graph) choose(rows *Rows) (column uint16, ok bool) {
	for _, r := range g.twos {
		if g.weight[r] == 2 {
			a := g.firstActive(rows.Row(int(r)))
			g.sets.join(a, a^g.xor[r], g)
		}
	}
	g.twos = g.twos[:0]
	if column, ok = g.sets.largest(g.state); ok {
		return column, true
	}
	best, weight, length := -1, uint16(1<<16-1), 0
	for r, w := range g.weight {
		if w > 0 && (w < weight || w == weight && len(rows.Row(r)) < length) {
			best, weight, length = r, w, len(rows.Row(r))
		}
	}
	if best < 0 {
		return 0, false
	}
	degree := uint32(0)
	for _, c := range rows.Row(best) {
		if g.state[c] == open && g.degree(c) >= degree {
			column, degree = c, g.degree(c)
		}
	}
	return column, true
}

func (g *graph) firstActive(columns []uint16) uint16 {
	for _, c := range columns {
		if g.state[c] == open {
			return c
		}
	}
	panic("inactivation: row without an active column")
}
