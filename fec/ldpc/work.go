package ldpc

import (
	"slices"
	"sync"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/kernel"
)

// work sums symbols in the way that a solver has found, all of a block or a stripe of byte columns at a time.
type work struct {
	solver  *solver
	length  int
	symbols [][]byte // by ESI; nil: nobody needs it
	sides   [][]byte // right sides of the dense rows
	slab    []byte   // of repair symbols that did not come, and of sides
	needed  []bool   // by ESI
	first   []pivot  // what the dense rows need, without the symbols set aside
	second  []pivot  // what the lost source symbols need, with them
}

// prepare makes w ready to recover the lost symbols of source.
func (w *work) prepare(s *solver, length int, source [][]byte, lost []fec.ESI, repair []fec.Symbol) {
	w.solver, w.length = s, length
	w.symbols = resize(w.symbols, s.m.n)
	clear(w.symbols)
	copy(w.symbols, source)
	for _, r := range repair {
		w.symbols[r.ESI] = r.Data
	}
	for _, esi := range lost {
		room := source[esi]
		if cap(room) < length {
			room = make([]byte, length)
		}
		w.symbols[esi] = room[:length]
	}
	w.choose(lost)
	w.place()
}

// choose finds out which pivots are needed at all.
func (w *work) choose(lost []fec.ESI) {
	s := w.solver
	w.needed = resize(w.needed, s.m.n)
	w.first, w.second = w.first[:0], w.second[:0]
	if len(s.aside) > 0 {
		clear(w.needed)
		for i := range s.dense {
			s.symbols(s.dense[i].row, func(c uint32) { w.needed[c] = true })
		}
		w.first = w.pick(w.first)
	}
	clear(w.needed)
	for _, esi := range lost {
		w.needed[esi] = true
	}
	w.second = w.pick(w.second)
}

// pick appends the pivots that are needed, and all those that they need, in order.
func (w *work) pick(to []pivot) []pivot {
	s := w.solver
	for _, p := range slices.Backward(s.pivots) {
		if w.needed[p.symbol] {
			to = append(to, p)
			s.symbols(p.row, func(c uint32) { w.needed[c] = true })
		}
	}
	slices.Reverse(to)
	return to
}

// place gives memory to everything that has none.
func (w *work) place() {
	s := w.solver
	var missing []uint32
	mark := func(c uint32) {
		if w.symbols[c] == nil {
			w.symbols[c] = []byte{} // so that it is there once
			missing = append(missing, c)
		}
	}
	for _, p := range w.first {
		mark(p.symbol)
	}
	for _, p := range w.second {
		mark(p.symbol)
	}
	for _, c := range s.aside {
		mark(c)
	}
	size := (len(missing) + len(s.dense)) * w.length
	w.slab = slices.Grow(w.slab[:0], size)[:size]
	next := w.slab
	take := func() []byte {
		b := next[:w.length:w.length]
		next = next[w.length:]
		return b
	}
	for _, c := range missing {
		w.symbols[c] = take()
	}
	w.sides = resize(w.sides, len(s.dense))
	for i := range w.sides {
		w.sides[i] = take()
	}
}

// run does all sums for the bytes from to before to of each symbol.
func (w *work) run(from, to int) {
	s := w.solver
	terms := make([][]byte, 0, 64)
	row := func(dst []byte, row, except uint32, withAside bool) {
		terms = terms[:0]
		s.symbols(row, func(c uint32) {
			if c != except && (withAside || s.state[c] != setAside) {
				terms = append(terms, w.symbols[c][from:to])
			}
		})
		sum(dst, terms)
	}
	for _, p := range w.first {
		row(w.symbols[p.symbol][from:to], p.row, p.symbol, false)
	}
	for i := range s.dense {
		row(w.sides[i][from:to], s.dense[i].row, none, false)
	}
	w.solveAside(from, to)
	for _, p := range w.second {
		row(w.symbols[p.symbol][from:to], p.row, p.symbol, true)
	}
}

// The sums of all subsets of tableSides right sides are made first; then a symbol set aside is the sum of one of these of each
// group, a fraction of the terms that it has. All is done for tableWidth bytes at a time, which stay in the cache.
const (
	tableSides = 4
	tableSize  = 1 << tableSides
	tableWidth = 256
)

// solveAside sets the symbols set aside to the sums of right sides that the solver has found.
func (w *work) solveAside(from, to int) {
	s := w.solver
	if len(s.dense) == 0 {
		return
	}
	groups := (len(s.dense) + tableSides - 1) / tableSides
	width := min(tableWidth, to-from)
	table := make([]byte, groups*tableSize*width)
	rows := make([]uint32, 0, groups)
	for ; from < to; from += width {
		width := min(width, to-from)
		w.tabulate(table, from, width)
		for i := range s.dense {
			d := &s.dense[i]
			rows = rows[:0]
			for g := range groups {
				if set := d.from[g*tableSides/64] >> (g * tableSides % 64) % tableSize; set != 0 {
					rows = append(rows, uint32(g*tableSize)+uint32(set))
				}
			}
			kernel.SetSumRows(w.symbols[s.aside[d.lead]][from:from+width], table, width, rows)
		}
	}
}

// tabulate fills table with the sums of all subsets of each group of right sides, width bytes from from on.
func (w *work) tabulate(table []byte, from, width int) {
	for i, side := range w.sides {
		group := table[i/tableSides*tableSize*width:][:tableSize*width]
		bit := 1 << (i % tableSides)
		for set := bit; set < 2*bit; set++ {
			dst := group[set*width : (set+1)*width]
			copy(dst, side[from:from+width])
			if set > bit {
				kernel.Xor(dst, group[(set-bit)*width:(set-bit+1)*width])
			}
		}
	}
}

// sum sets dst to the sum of terms.
func sum(dst []byte, terms [][]byte) { kernel.SetSum(dst, terms) }

// release forgets the caller's memory.
func (w *work) release() {
	clear(w.symbols)
	w.solver = nil
}

// Work memory is kept for the next block: that of so many blocks, none larger than this.
const (
	worksKept    = 4
	workKeptSize = 16 << 20
)

// pool is a free list of work. It is safe for concurrent use.
type pool struct {
	mu   sync.Mutex
	idle []*work
}

func (p *pool) take() *work {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle)
	if n == 0 {
		return &work{}
	}
	w := p.idle[n-1]
	p.idle = p.idle[:n-1]
	return w
}

func (p *pool) put(w *work) {
	w.release()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) < worksKept && cap(w.slab) <= workKeptSize {
		p.idle = append(p.idle, w)
	}
}
