package inactivation

// spare is how many rows can be added to a dense system that lacks rank before it has to be solved anew.
const spare = 64

// dense is the system of equations for the inactive columns. Its sparse rows, those that are no pivots, are reduced one
// by one to the form
//
//	column + some of the columns that no row is for = sum of some of the rows
//
// The columns that no row is for, the free ones, then come from the dense rows of the code.
type dense struct {
	columns int // u
	width   int // words of a row: its columns, then the rows that it is a sum of
	tail    int // words of the columns
	rows    []uint64
	count   int     // rows added
	most    int     // rows that there is room for
	pivotOf []int32 // the column of a row, -1 if it depends on the others
	rowOf   []int32 // the row of a column, -1 if it is free
	rank    int

	free    []uint16 // free columns
	field   []byte   // H rows of u bytes: the dense rows in terms of the inactive columns
	known   bool     // field is right
	inverse []byte   // len(free) rows of H bytes: what the free columns are of the dense rows
	running runningSum
	work    []byte
}

// reset begins a system of u columns.
func (d *dense) reset(columns int) {
	d.columns, d.tail = columns, (columns+63)/64
	d.width = 0
	d.count, d.rank, d.known = 0, 0, false
	d.rowOf = resize(d.rowOf, columns)
	for i := range d.rowOf {
		d.rowOf[i] = -1
	}
}

// expect says how many rows will be added at first.
func (d *dense) expect(rows int) {
	d.most = rows + spare
	d.width = d.tail + (d.most+63)/64
	d.rows, d.pivotOf = room(d.rows, d.most*d.width), room(d.pivotOf, d.most)
}

// full reports whether no row can be added.
func (d *dense) full() bool { return d.count == d.most }

func (d *dense) row(i int) []uint64 { return d.rows[i*d.width : (i+1)*d.width : (i+1)*d.width] }

// add adds a row, given by its columns.
func (d *dense) add(columns []uint64) {
	i := d.count
	d.count++
	d.rows = d.rows[:d.count*d.width]
	row := d.row(i)
	clear(row[copy(row, columns):])
	flip(row[d.tail:], i)
	for c, r := range d.rowOf {
		if r >= 0 && test(columns, c) {
			xor(row, d.row(int(r)))
		}
	}
	at := lowest(row[:d.tail])
	d.pivotOf = append(d.pivotOf, int32(at))
	if at < 0 {
		return
	}
	for r, p := range d.pivotOf[:i] {
		if p >= 0 {
			if other := d.row(r); test(other, at) {
				xor(other, row)
			}
		}
	}
	d.rowOf[at] = int32(i)
	d.rank++
}

// finish reports whether the dense rows of the code determine the columns that are free.
func (d *dense) finish(c *Code, g *graph, v *vectors) bool {
	d.free = room(d.free, d.columns)
	for column, r := range d.rowOf {
		if r < 0 {
			d.free = append(d.free, uint16(column))
		}
	}
	h, n := c.Size.Dense, len(d.free)
	if n == 0 {
		return true
	}
	if n > h {
		return false
	}
	if !d.known {
		d.field = d.running.rows(d.field, c, g, v)
		d.known = true
	}
	// What is left of the dense rows when all columns but the free ones are replaced, beside the identity.
	width := n + h
	d.work = resize(d.work, h*width)
	m := d.work
	clear(m)
	for i := range h {
		row, of := m[i*width:(i+1)*width], d.field[i*d.columns:(i+1)*d.columns]
		for k, f := range d.free {
			row[k] = of[f]
		}
		row[n+i] = 1
	}
	for column, r := range d.rowOf {
		if r < 0 {
			continue
		}
		reduced := d.row(int(r))
		for k, f := range d.free {
			if test(reduced, int(f)) {
				for i := range h {
					m[i*width+k] ^= d.field[i*d.columns+column]
				}
			}
		}
	}
	for k := range n {
		at := k
		for at < h && m[at*width+k] == 0 {
			at++
		}
		if at == h {
			return false
		}
		row, other := m[k*width:(k+1)*width], m[at*width:(at+1)*width]
		for i := range row {
			row[i], other[i] = other[i], row[i]
		}
		scale(row, inverse(row[k]))
		for i := range h {
			if i != k {
				addScaled(m[i*width:(i+1)*width], row, m[i*width+k])
			}
		}
	}
	d.inverse = resize(d.inverse, n*h)
	for k := range n {
		copy(d.inverse[k*h:], m[k*width+n:(k+1)*width])
	}
	return true
}
