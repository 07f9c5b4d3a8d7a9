package raptor

// matrix holds the sparse equations among intermediate symbols: first the LDPC symbols (RFC 5053, section 5.4.2.3), then
// encoding symbols, as rows of the intermediate symbols that sum up to nothing or to an encoding symbol. The Half symbols'
// equations are dense and are not in it.
type matrix struct {
	start []uint32 // of each row in cols, and the end
	cols  []uint32
}

// row returns the intermediate symbols of row r.
func (m *matrix) row(r uint32) []uint32 { return m.cols[m.start[r]:m.start[r+1]] }

// rows returns the number of rows.
func (m *matrix) rows() int { return len(m.start) - 1 }

// reset makes m the rows of the LDPC symbols of c.
func (m *matrix) reset(c *code) {
	m.start = resize(m.start, c.s+1)
	m.cols = resize(m.cols, 3*c.k+c.s)
	// The entries are counted, then put in place; start is the end of each row until all are.
	for i := range c.k {
		for _, r := range c.ldpc(i) {
			m.start[r]++
		}
	}
	end := uint32(0)
	for r := range c.s {
		end += m.start[r] + 1
		m.start[r] = end
		m.start[r]--
		m.cols[m.start[r]] = uint32(c.k + r)
	}
	m.start[c.s] = end
	for i := c.k - 1; i >= 0; i-- {
		for _, r := range c.ldpc(i) {
			m.start[r]--
			m.cols[m.start[r]] = uint32(i)
		}
	}
}

// add appends the row of encoding symbol esi.
func (m *matrix) add(c *code, esi uint32) {
	m.cols = c.appendLT(m.cols, esi)
	m.start = append(m.start, uint32(len(m.cols)))
}

// drop removes the last row.
func (m *matrix) drop() {
	m.start = m.start[:len(m.start)-1]
	m.cols = m.cols[:m.start[len(m.start)-1]]
}
