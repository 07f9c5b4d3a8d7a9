package raptor

import "slices"

// What becomes of an intermediate symbol in an ordering; numbers from 0 on say in which step it is pivoted.
const (
	live     = -1
	inactive = -2 // and below: the first inactive one has this place, the next one less
)

// pivot is a step of an ordering: row is solved for col.
type pivot struct{ row, col uint32 }

// ordering is the first phase of the decoder of RFC 5053, section 5.5.2.2. It looks for an order of the rows of a matrix in
// which each has, besides intermediate symbols of earlier rows and inactive ones, exactly one more, for which it is solved;
// and makes few intermediate symbols inactive. No rows are added up.
type ordering struct {
	pivots   []pivot
	inactive []uint32 // intermediate symbols
	rest     []uint32 // rows that were not needed
	place    []int32  // of each intermediate symbol: a step, live or inactive

	colStart, colRows []uint32 // the rows of each intermediate symbol
	degree            []uint16 // of each row: its live intermediate symbols
	sum               []uint16 // of each row: the exclusive or of their numbers; with a degree of 1, which one it is
	used              []bool   // of each row: it is the row of a step
	parent, size      []uint16 // the live intermediate symbols connected by rows of degree 2: union-find
	failed            bool
	heap              []uint32    // their components, the largest first: size<<componentBits | root; with outdated ones
	single            [2][]uint32 // rows of degree 1, or of 0 by now: short ones, and long ones, to be used last
}

// componentBits are enough for the number of an intermediate symbol.
const componentBits = 14

// resize returns s with n zero elements, in the same memory if it can.
func resize[E any](s []E, n int) []E {
	s = slices.Grow(s[:0], n)[:n]
	clear(s)
	return s
}

// run orders the rows of m, equations among l intermediate symbols of which the first `long` are long. It gives up and
// returns false when more than limit would become inactive.
func (o *ordering) run(m *matrix, l, long, limit int) bool {
	o.index(m, l)
	o.failed = false
	for r := range m.rows() {
		o.degree[r] = uint16(len(m.row(uint32(r))))
		for _, c := range m.row(uint32(r)) {
			o.sum[r] ^= uint16(c)
		}
		o.note(m, uint32(r), long)
	}
	for len(o.pivots)+len(o.inactive) < l {
		if r, ok := o.pop(); ok {
			if o.degree[r] == 1 {
				c := uint32(o.sum[r])
				o.used[r] = true
				o.place[c] = int32(len(o.pivots))
				o.pivots = append(o.pivots, pivot{r, c})
				o.eliminate(m, c, long)
			}
			continue
		}
		if len(o.inactive) == limit {
			o.failed = true
			return false
		}
		c := o.choose(m)
		o.place[c] = inactive - int32(len(o.inactive))
		o.inactive = append(o.inactive, c)
		o.eliminate(m, c, long)
	}
	for r, used := range o.used {
		if !used {
			o.rest = append(o.rest, uint32(r))
		}
	}
	return true
}

// index prepares o for m.
func (o *ordering) index(m *matrix, l int) {
	rows := m.rows()
	o.pivots, o.inactive, o.heap = resize(o.pivots, l)[:0], resize(o.inactive, l)[:0], resize(o.heap, l)[:0]
	o.rest, o.single[0], o.single[1] = resize(o.rest, rows)[:0], resize(o.single[0], rows)[:0], resize(o.single[1], rows)[:0]
	o.degree, o.sum, o.used = resize(o.degree, rows), resize(o.sum, rows), resize(o.used, rows)
	o.place, o.parent, o.size = resize(o.place, l), resize(o.parent, l), resize(o.size, l)
	o.colStart, o.colRows = resize(o.colStart, l+1), resize(o.colRows, len(m.cols))
	for c := range l {
		o.place[c], o.parent[c], o.size[c] = live, uint16(c), 1
	}
	for _, c := range m.cols {
		o.colStart[c]++
	}
	end := uint32(0)
	for c := range l {
		end += o.colStart[c]
		o.colStart[c] = end
	}
	o.colStart[l] = end
	for r := rows - 1; r >= 0; r-- {
		for _, c := range m.row(uint32(r)) {
			o.colStart[c]--
			o.colRows[o.colStart[c]] = uint32(r)
		}
	}
}

// eliminate takes intermediate symbol c out of the rows.
func (o *ordering) eliminate(m *matrix, c uint32, long int) {
	for _, r := range o.colRows[o.colStart[c]:o.colStart[c+1]] {
		o.degree[r]--
		o.sum[r] ^= uint16(c)
		o.note(m, r, long)
	}
}

// note keeps track of row r when its degree becomes 1 or 2.
func (o *ordering) note(m *matrix, r uint32, long int) {
	switch o.degree[r] {
	case 1:
		queue := 0
		if r < uint32(long) {
			queue = 1
		}
		o.single[queue] = append(o.single[queue], r)
	case 2:
		for _, c := range m.row(r) {
			if o.place[c] == live {
				o.join(uint16(c), o.sum[r]^uint16(c))
				return
			}
		}
	}
}

// pop returns a row that has had degree 1 and was not returned yet.
func (o *ordering) pop() (uint32, bool) {
	for i := range o.single {
		if n := len(o.single[i]) - 1; n >= 0 {
			r := o.single[i][n]
			o.single[i] = o.single[i][:n]
			return r, true
		}
	}
	return 0, false
}

// find returns the root of the component of intermediate symbol c.
func (o *ordering) find(c uint16) uint16 {
	for o.parent[c] != c {
		o.parent[c] = o.parent[o.parent[c]]
		c = o.parent[c]
	}
	return c
}

// join makes the components of a and b one.
func (o *ordering) join(a, b uint16) {
	a, b = o.find(a), o.find(b)
	if a == b {
		return
	}
	if o.size[a] < o.size[b] {
		a, b = b, a
	}
	o.parent[b] = a
	o.size[a] += o.size[b]
	o.push(uint32(o.size[a])<<componentBits | uint32(a))
}

// choose returns the live intermediate symbol to make inactive. When there are rows of degree 2 it is of the largest
// component: all others of it can be pivoted then. Else it is one of a row of least degree, the one in most rows.
func (o *ordering) choose(m *matrix) uint32 {
	for len(o.heap) > 0 {
		top := o.popLargest()
		root := uint16(top & (1<<componentBits - 1))
		// A component is live as a whole or not at all: no row has degree 1 now.
		if o.place[root] == live && o.parent[root] == root && uint32(o.size[root]) == top>>componentBits {
			return uint32(root)
		}
	}
	least := -1
	for r, d := range o.degree {
		if d > 0 && (least < 0 || d < o.degree[least] || d == o.degree[least] && len(m.row(uint32(r))) < len(m.row(uint32(least)))) {
			least = r
		}
	}
	if least < 0 { // nothing is known about what is live still
		return uint32(slices.Index(o.place, live))
	}
	best, most := uint32(0), uint32(0)
	for _, c := range m.row(uint32(least)) {
		if n := o.colStart[c+1] - o.colStart[c]; o.place[c] == live && n > most {
			best, most = c, n
		}
	}
	return best
}

// push adds v to the heap.
func (o *ordering) push(v uint32) {
	i := len(o.heap)
	o.heap = append(o.heap, v)
	for i > 0 && o.heap[(i-1)/2] < v {
		o.heap[i] = o.heap[(i-1)/2]
		i = (i - 1) / 2
	}
	o.heap[i] = v
}

// popLargest removes the largest element of the heap.
func (o *ordering) popLargest() uint32 {
	top, n := o.heap[0], len(o.heap)-1
	v := o.heap[n]
	o.heap = o.heap[:n]
	i := 0
	for child := 1; child < n; child = 2*i + 1 {
		if child+1 < n && o.heap[child+1] > o.heap[child] {
			child++
		}
		if o.heap[child] <= v {
			break
		}
		o.heap[i] = o.heap[child]
		i = child
	}
	if n > 0 {
		o.heap[i] = v
	}
	return top
}
