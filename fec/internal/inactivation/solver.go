package inactivation

// noInput is the input of a row whose sum is zero.
const noInput = -1

// solver solves the system of linear equations of one source block for its columns. It knows rows, but no symbols. Its
// memory serves one block after the other.
type solver struct {
	code    *Code
	rows    Rows    // the fixed rows, and then those of symbols
	inputs  []int32 // the symbols that the rows sum up to, or noInput
	limit   int     // of inactive columns
	graph   graph
	vectors vectors
	reduced bool // the dense system has all rows so far, and lacks rank
	dense   dense
}

// reset begins a system of which only the fixed rows are known. At most so many rows with that many cells will be
// added, and no more than limit columns become inactive.
func (s *solver) reset(c *Code, rows, cells, limit int) {
	s.code, s.limit, s.reduced = c, limit, false
	n := c.Fixed.Len() + rows
	s.rows.ends, s.inputs = room(s.rows.ends, n), room(s.inputs, n)
	s.rows.columns = room(s.rows.columns, len(c.Fixed.columns)+cells)
	s.rows.columns = append(s.rows.columns, c.Fixed.columns...)
	s.rows.ends = append(s.rows.ends, c.Fixed.ends...)
	for range c.Fixed.Len() {
		s.inputs = append(s.inputs, noInput)
	}
}

// add adds the row of a symbol.
func (s *solver) add(columns []uint16, input int32) {
	s.rows.Append(columns...)
	s.inputs = append(s.inputs, input)
}

// full reports whether there is no room for a row of so many columns: see cellsOf.
func (s *solver) full(columns int) bool {
	return len(s.rows.ends) == cap(s.rows.ends) || len(s.rows.columns)+columns > cap(s.rows.columns)
}

// solve reports whether the rows added so far have full rank.
func (s *solver) solve() bool {
	s.reduced = false
	if s.rows.Len()+s.code.Size.Dense < s.code.Columns {
		return false
	}
	g := &s.graph
	if !g.eliminate(s.code, &s.rows, s.limit) {
		return false
	}
	s.vectors.forward(g, &s.rows)
	s.dense.reset(len(g.inactive))
	s.dense.expect(len(g.left))
	for _, r := range g.left {
		s.dense.add(s.vectors.row(g, s.rows.Row(int(r)), noColumn))
	}
	s.reduced = !s.dense.finish(s.code, g, &s.vectors)
	return !s.reduced
}

// more reports whether the rows have full rank now, after rows have been added since solve or more said no.
func (s *solver) more() bool {
	g := &s.graph
	if !s.reduced {
		return s.solve()
	}
	for r := len(g.pivots) + len(g.left); r < s.rows.Len(); r++ {
		if s.dense.full() {
			return s.solve()
		}
		g.left = append(g.left, uint32(r))
		s.dense.add(s.vectors.row(g, s.rows.Row(r), noColumn))
	}
	s.reduced = !s.dense.finish(s.code, g, &s.vectors)
	return !s.reduced
}

// resize returns a slice of n elements of any value, in the same memory if that suffices.
func resize[T any](b []T, n int) []T {
	if cap(b) < n {
		return make([]T, n)
	}
	return b[:n]
}

// room returns an empty slice with room for n elements, in the same memory if that suffices.
func room[T any](b []T, n int) []T { return resize(b, n)[:0] }
