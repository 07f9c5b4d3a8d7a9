package ldpc

import (
	"math"
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

// matrix is the parity check matrix of a source block, by rows. Row i says that the sum of its symbols is zero: source symbols,
// repair symbols before i, and repair symbol i, which is not listed. It is immutable.
type matrix struct {
	params
	sources, repairCols list     // of each row, in ascending order; repair symbols counted from 0
	byColumn            list     // the rows of each symbol, source symbols first; those of repair symbol i without row i
	sequence            []uint32 // txseqToID: which repair symbols travel in one packet when G is above 1
	position            []uint32 // IDtoTxseq, its inverse
}

// list is a list of numbers for each of many keys.
type list struct{ start, item []uint32 }

func (l *list) of(i int) []uint32 { return l.item[l.start[i]:l.start[i+1]] }

func (l *list) bytes() int { return 4 * (cap(l.start) + cap(l.item)) }

// entry is a one in the matrix.
type entry struct{ row, column uint32 }

// gather sorts entries by key, in linear time. The order of equal keys stays.
func gather(keys int, entries []entry, key, item func(entry) uint32) list {
	l := list{make([]uint32, keys+1), make([]uint32, len(entries))}
	for _, e := range entries {
		l.start[key(e)+1]++
	}
	for i := range keys {
		l.start[i+1] += l.start[i]
	}
	next := slices.Clone(l.start[:keys])
	for _, e := range entries {
		l.item[next[key(e)]] = item(e)
		next[key(e)]++
	}
	return l
}

func rowOf(e entry) uint32    { return e.row }
func columnOf(e entry) uint32 { return e.column }

// newMatrix makes the matrix of p, which Supports has accepted. The order of calls to the generator is that of the RFC: left
// side, right side, sequence of repair symbols.
func newMatrix(p params) *matrix {
	r := prng(p.seed)
	m := &matrix{params: p}
	left := leftSide(p, &r)
	right := rightSide(p, &r)
	byColumn := make([]entry, 0, len(left)+len(right))
	byColumn = append(byColumn, left...)
	for _, e := range right {
		byColumn = append(byColumn, entry{e.row, e.column + uint32(p.k)})
	}
	m.byColumn = gather(p.n, byColumn, columnOf, rowOf)
	// By column first, so that the columns of each row come out in ascending order.
	m.sources = gather(p.repairs(), m.columns(left[:0], 0, p.k), rowOf, columnOf)
	m.repairCols = gather(p.repairs(), m.columns(right[:0], p.k, p.n), rowOf, columnOf)
	m.sequence, m.position = order(p.repairs(), &r)
	return m
}

// columns appends the entries of columns first to last-1, in order, counted from first.
func (m *matrix) columns(entries []entry, first, last int) []entry {
	for c := first; c < last; c++ {
		for _, row := range m.byColumn.of(c) {
			entries = append(entries, entry{row, uint32(c - first)})
		}
	}
	return entries
}

// leftSide is left_matrix_init of RFC 5170, section 6.2.
func leftSide(p params, r *prng) []entry {
	rows := p.repairs()
	choices := make([]uint32, p.n1*p.k) // u[]: "all possible choices in order to guarantee a homogeneous '1' distribution"
	for h := range choices {
		choices[h] = uint32(h % rows)
	}
	entries := make([]entry, 0, p.n1*p.k+2*rows)
	degree := make([]uint8, rows) // 2 stands for all above
	last := make([]uint32, rows)  // the latest column of each row
	column := make([]uint32, 0, p.n1)
	insert := func(row, j uint32) {
		entries = append(entries, entry{row, j})
		degree[row], last[row] = min(degree[row]+1, 2), j
	}
	t := 0
	for j := range uint32(p.k) {
		column = column[:0]
		for range p.n1 {
			i := t
			for i < len(choices) && slices.Contains(column, choices[i]) {
				i++
			}
			var row uint32
			if i < len(choices) {
				for {
					if i = t + r.rand(len(choices)-t); !slices.Contains(column, choices[i]) {
						break
					}
				}
				row = choices[i]
				choices[i] = choices[t]
				t++
			} else { // "no choice left, choose one randomly"
				for {
					if row = uint32(r.rand(rows)); !slices.Contains(column, row) {
						break
					}
				}
			}
			column = append(column, row)
			insert(row, j)
		}
	}
	// "Add extra bits to avoid rows with less than two '1s'."
	for row := range uint32(rows) {
		if degree[row] == 0 {
			insert(row, uint32(r.rand(p.k)))
		}
		if degree[row] == 1 {
			for {
				if j := uint32(r.rand(p.k)); j != last[row] {
					insert(row, j)
					break
				}
			}
		}
	}
	return entries
}

// rightSide is right_matrix_staircase_init of RFC 5170, sections 6.2 and 7.2, without the ones that say that row i has repair
// symbol i.
func rightSide(p params, r *prng) []entry {
	entries := make([]entry, 0, rightEntries(p))
	for row := 1; row < p.repairs(); row++ {
		entries = append(entries, entry{uint32(row), uint32(row - 1)})
		if !p.triangle {
			continue
		}
		j := row - 1
		for l := 0; l < j; l++ { // "limit the # of '1s' added"; j falls, so no entry comes twice
			j = r.rand(j)
			entries = append(entries, entry{uint32(row), uint32(j)})
		}
	}
	return entries
}

// rightEntries estimates the entries of the right side from above: a row of the triangle has about as many as the logarithm of
// its number.
func rightEntries(p params) int {
	rows := p.repairs()
	if !p.triangle {
		return rows
	}
	return rows * (3 + int(math.Log2(float64(rows+1))))
}

// order is initialize_tables of RFC 5170, section 5.6: a random permutation of the repair symbols, and its inverse.
func order(repairs int, r *prng) (sequence, position []uint32) {
	sequence, position = make([]uint32, repairs), make([]uint32, repairs)
	for i := range repairs {
		sequence[i], position[i] = uint32(i), uint32(i)
	}
	for i := range repairs {
		j := r.rand(repairs)
		position[i], position[j] = position[j], position[i]
		sequence[position[i]] = uint32(i)
		sequence[position[j]] = uint32(j)
	}
	return sequence, position
}

// bytes returns what the matrix takes.
func (m *matrix) bytes() int {
	return m.sources.bytes() + m.repairCols.bytes() + m.byColumn.bytes() + 4*(cap(m.sequence)+cap(m.position))
}

// matrixBytes bounds what newMatrix allocates for p, the finished matrix included.
func matrixBytes(p params) uint64 {
	entries := uint64(p.n1)*uint64(p.k) + 2*uint64(p.repairs()) + uint64(rightEntries(p))
	return 40*entries + 32*uint64(p.n) + 1<<12
}

// appendGroup appends the ESIs of g symbols that travel together: source symbols from first on, or repair symbols from a place
// in their sequence on.
func (m *matrix) appendGroup(b []fec.ESI, g int, first fec.ESI) []fec.ESI {
	if int(first) < m.k {
		for i := range g {
			b = append(b, fec.ESI((int(first)+i)%m.k))
		}
		return b
	}
	return m.appendRepairs(b, g, int(m.position[int(first)-m.k]))
}

func (m *matrix) appendRepairs(b []fec.ESI, g, at int) []fec.ESI {
	for i := range g {
		b = append(b, fec.ESI(m.k+int(m.sequence[(i+at)%len(m.sequence)])))
	}
	return b
}
