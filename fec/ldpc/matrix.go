package ldpc

import (
	"math/bits"
	"slices"

	"github.com/flute-node/flute-node/fec"
)

// params are what a matrix depends on: sender and receiver must agree in each of them.
type params struct {
	k, n     int // source symbols, encoding symbols
	n1       int
	seed     uint32
	triangle bool
}

func (p params) repairs() int { return p.n - p.k }

func (p params) isRepair(esi fec.ESI) bool {
	return uint32(esi) >= uint32(p.k) && uint32(esi) < uint32(p.n)
}

// matrix is the parity check matrix of a source block. Row i says that the sum of its symbols is zero: source symbols,
// repair symbols before i, and repair symbol i. The last one is not listed: the right side is a lower triangle. It is
// immutable.
type matrix struct {
	params
	sources    list     // of each row, in ascending order
	repairCols list     // of each row: repair symbols before it, counted from 0, in descending order
	byColumn   list     // the rows of each symbol, source symbols first; those of repair symbol i without row i
	sequence   []uint32 // txseqToID: which repair symbols travel in one packet when G is above 1
	position   []uint32 // IDtoTxseq, its inverse
}

// list is a list of numbers for each of many keys.
type list struct{ start, item []uint32 }

func (l *list) of(i int) []uint32 { return l.item[l.start[i]:l.start[i+1]] }

func (l *list) bytes() int { return 4 * (cap(l.start) + cap(l.item)) }

// newList returns a list with room for count(i) items of each key i, and where the next item of each key goes.
func newList(count []uint32) (l list, next []uint32) {
	l.start = make([]uint32, len(count)+1)
	for i, n := range count {
		l.start[i+1] = l.start[i] + n
	}
	l.item = make([]uint32, l.start[len(count)])
	next = count
	copy(next, l.start)
	return l, next
}

// entry is a one in the matrix.
type entry struct{ row, column uint32 }

// newMatrix makes the matrix of p, which parameters has accepted. The order of calls to the generator is that of the
// RFC: left side, right side, sequence of repair symbols.
func newMatrix(p params) *matrix {
	r := prng(p.seed)
	m := &matrix{params: p}
	columns, extra := leftSide(p, &r)
	m.repairCols = rightSide(p, &r)
	m.sources = leftRows(p, columns, extra)
	m.byColumn = m.transpose()
	m.sequence, m.position = order(p.repairs(), &r)
	return m
}

// leftSide is left_matrix_init of RFC 5170, section 6.2: n1 rows for each column, and extra ones. Its loops end. They
// look for a row, of at least n1, that a column of fewer ones does not have yet, or for one of two columns or more; the
// generator goes through all its numbers.
func leftSide(p params, generator *prng) (columns []uint32, extra []entry) {
	r := *generator
	rows := p.repairs()
	// u[]: "all possible choices in order to guarantee a homogeneous '1' distribution"
	choices := make([]uint32, p.n1*p.k)
	for h, row := 0, 0; h < len(choices); h++ {
		choices[h] = uint32(row)
		if row++; row == rows {
			row = 0
		}
	}
	columns = make([]uint32, 0, len(choices))
	// 2 stands for all degrees above; the latest column of each row
	degree, latest := make([]uint8, rows), make([]uint32, rows)
	for j := range p.k {
		column := len(columns)
		for range p.n1 {
			var row uint32
			if i := slices.IndexFunc(choices,
				func(row uint32) bool { return !slices.Contains(columns[column:], row) }); i >= 0 {
				for {
					i = r.rand(len(choices))
					if row = choices[i]; !slices.Contains(columns[column:], row) {
						break
					}
				}
				choices[i] = choices[0]
				choices = choices[1:]
			} else { // "no choice left, choose one randomly"
				for {
					if row = uint32(r.rand(rows)); !slices.Contains(columns[column:], row) {
						break
					}
				}
			}
			columns = append(columns, row)
			degree[row], latest[row] = min(degree[row]+1, 2), uint32(j)
		}
	}
	// "Add extra bits to avoid rows with less than two '1s'." A block of one symbol cannot have two; OpenFEC then
	// leaves it at one, where the function in the RFC does not end.
	for row, d := range degree {
		if d == 0 {
			latest[row] = uint32(r.rand(p.k))
			extra = append(extra, entry{uint32(row), latest[row]})
		}
		for d < 2 && p.k > 1 {
			if j := uint32(r.rand(p.k)); j != latest[row] {
				extra = append(extra, entry{uint32(row), j})
				break
			}
		}
	}
	*generator = r
	return columns, extra
}

// leftRows turns the columns into rows.
func leftRows(p params, columns []uint32, extra []entry) list {
	count := make([]uint32, p.repairs())
	for _, row := range columns {
		count[row]++
	}
	for _, e := range extra {
		count[e.row]++
	}
	l, next := newList(count)
	for i, row := range columns {
		l.item[next[row]] = uint32(i / p.n1)
		next[row]++
	}
	for _, e := range extra {
		l.item[next[e.row]] = e.column
		next[e.row]++
	}
	for _, e := range extra { // they have one or two columns
		slices.Sort(l.of(int(e.row)))
	}
	return l
}

// rightSide is right_matrix_staircase_init of RFC 5170, sections 6.2 and 7.2.
func rightSide(p params, r *prng) list {
	rows := p.repairs()
	l := list{make([]uint32, rows+1), make([]uint32, 0, rightEntries(p))}
	for row := 1; row < rows; row++ {
		l.item = append(l.item, uint32(row-1))
		if p.triangle {
			j := row - 1
			for i := 0; i < j; i++ { // "limit the # of '1s' added"; j falls, so no entry comes twice
				j = r.rand(j)
				l.item = append(l.item, uint32(j))
			}
		}
		l.start[row+1] = uint32(len(l.item))
	}
	return l
}

// rightEntries estimates the entries of the right side from above: a row of the triangle has about as many as the
// natural logarithm of its number.
func rightEntries(p params) int {
	rows := p.repairs()
	if !p.triangle {
		return rows
	}
	return rows*(1+bits.Len(uint(rows))) + 64
}

// transpose turns the rows into columns.
func (m *matrix) transpose() list {
	count := make([]uint32, m.n)
	for _, c := range m.sources.item {
		count[c]++
	}
	right := count[m.k:]
	for _, c := range m.repairCols.item {
		right[c]++
	}
	l, next := newList(count)
	right = next[m.k:]
	for row := range m.repairs() {
		for _, c := range m.sources.of(row) {
			l.item[next[c]] = uint32(row)
			next[c]++
		}
		for _, c := range m.repairCols.of(row) {
			l.item[right[c]] = uint32(row)
			right[c]++
		}
	}
	return l
}

// bytes returns what the matrix takes.
func (m *matrix) bytes() int {
	return m.sources.bytes() + m.repairCols.bytes() + m.byColumn.bytes() + 4*(cap(m.sequence)+cap(m.position))
}

// matrixBytes bounds what newMatrix allocates for p, the finished matrix included.
func matrixBytes(p params) uint64 {
	left, right := uint64(p.n1)*uint64(p.k)+2*uint64(p.repairs()), uint64(rightEntries(p))
	return 20*left + 8*right + 16*uint64(p.n) + 40*uint64(p.repairs()) + 1<<12
}
