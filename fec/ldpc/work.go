package ldpc

import (
	"slices"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/kernel"
)

// work sums symbols in the way that its solver has found, all of a block or a stripe of byte columns at a time.
type work struct {
	solver  solver
	length  int
	stride  int       // of slab
	symbols [][]byte  // by ESI; nil: nobody needs it
	slab    []byte    // the right sides of the dense equations, then repair symbols that did not come
	needed  []bool    // by ESI
	first   []pivot   // what the dense equations need, without the symbols set aside
	second  []pivot   // what the lost source symbols need, with them
	lost    []fec.ESI // what solver has solved
	repair  []fec.ESI
}

// isFor reports whether the solver's way is that for these symbols.
func (w *work) isFor(lost, repair []fec.ESI) bool {
	return slices.Equal(w.lost, lost) && slices.Equal(w.repair, repair)
}

// workBytes bounds what a work allocates for p besides its solver; stride is that of symbols. No more symbols are
// unknown than there are rows, so that as many have room in slab.
func workBytes(p params, stride uint64) uint64 {
	n, rows := uint64(p.n), uint64(p.repairs())
	lists := 25*n + 32*rows + 8*n + 8*n // those of pivots grow
	return lists + rows*stride + stride/minStripe*(4*uint64(maxAside(p))+1<<10)
}

// prepare makes w ready to recover the lost symbols of source.
func (w *work) prepare(length int, source [][]byte, lost []fec.ESI, repair []fec.Symbol) {
	s := &w.solver
	w.length, w.stride = length, strideOf(length)
	w.symbols = resize(w.symbols, s.m.n)
	clear(w.symbols[copy(w.symbols, source):])
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
	s := &w.solver
	w.needed = resize(w.needed, s.m.n)
	w.first, w.second = w.first[:0], w.second[:0]
	if len(s.aside) > 0 {
		clear(w.needed)
		for _, row := range s.dense.equations {
			w.need(row)
		}
		w.first = w.pick(w.first)
	}
	clear(w.needed)
	for _, esi := range lost {
		w.needed[esi] = true
	}
	w.second = w.pick(w.second)
}

// need marks the symbols of a row.
func (w *work) need(row uint32) {
	s := &w.solver
	s.terms = s.m.symbols(s.terms[:0], row)
	for _, c := range s.terms {
		w.needed[c] = true
	}
}

// pick appends the pivots that are needed, and all those that they need, in order.
func (w *work) pick(to []pivot) []pivot {
	for _, p := range slices.Backward(w.solver.pivots) {
		if w.needed[p.symbol] {
			to = append(to, p)
			w.need(p.row)
		}
	}
	slices.Reverse(to)
	return to
}

// place gives memory to the repair symbols that are to be recovered on the way.
func (w *work) place() {
	s := &w.solver
	rows := len(s.dense.equations)
	for _, pivots := range [...][]pivot{w.first, w.second} {
		for _, p := range pivots {
			if w.symbols[p.symbol] == nil {
				w.symbols[p.symbol] = []byte{} // so that it is counted once
				rows++
			}
		}
	}
	w.slab = resize(w.slab, rows*w.stride)
	row := func(i int) []byte { return w.slab[i*w.stride : i*w.stride+w.length] }
	for i, lead := range s.dense.leads {
		if c := s.aside[lead]; w.symbols[c] == nil { // else it is a lost source symbol, with a place of its own
			w.symbols[c] = row(i)
		}
	}
	next := len(s.dense.equations)
	for _, pivots := range [...][]pivot{w.first, w.second} {
		for _, p := range pivots {
			if len(w.symbols[p.symbol]) == 0 {
				w.symbols[p.symbol] = row(next)
				next++
			}
		}
	}
}

// The symbols set aside depend on each other without order: they are worked on a column of bytes at a time that stays
// in a cache.
const (
	columnBytes = 512 << 10
	minColumn   = 128
)

// bytes says how much work there is.
func (w *work) bytes() int { return (len(w.first) + len(w.second)) * w.length }

// run does all sums for the bytes from to before to of each symbol.
func (w *work) run(from, to int) {
	s := &w.solver
	t := &terms{work: w, from: from, to: to}
	for _, p := range w.first {
		t.sum(w.symbols[p.symbol][from:to], p.row, p.symbol, true)
	}
	if u := len(s.dense.equations); u > 0 {
		for i, row := range s.dense.equations {
			t.sum(w.slab[i*w.stride+from:i*w.stride+to], row, none, true)
		}
		rows, width := make([]uint32, 0, u), max(minColumn, columnBytes/u&^63)
		for at := from; at < to; at += width {
			s.dense.solve(w.slab, w.stride, at, min(at+width, to), rows)
		}
		for i, lead := range s.dense.leads {
			if c := s.aside[lead]; int(c) < s.m.k {
				copy(w.symbols[c][from:to], w.slab[i*w.stride+from:])
			}
		}
	}
	for _, p := range w.second {
		t.sum(w.symbols[p.symbol][from:to], p.row, p.symbol, false)
	}
}

// terms are the bytes from to before to of some symbols, to be added at once.
type terms struct {
	work     *work
	from, to int
	all      [][]byte
	room     [32][]byte
}

// sum sets dst to the sum of a row without symbol except, and without the symbols set aside if zero.
func (t *terms) sum(dst []byte, row, except uint32, zero bool) {
	s := &t.work.solver
	t.all = t.room[:0]
	set := true
	add := func(c uint32) {
		if c == except || zero && s.state[c] == setAside {
			return
		}
		if len(t.all) == len(t.room) {
			t.flush(dst, set)
			set = false
		}
		t.all = append(t.all, t.work.symbols[c][t.from:t.to])
	}
	for _, c := range s.m.sources.of(int(row)) {
		add(c)
	}
	k := uint32(s.m.k)
	for _, c := range s.m.repairCols.of(int(row)) {
		add(k + c)
	}
	add(k + row)
	t.flush(dst, set)
}

func (t *terms) flush(dst []byte, set bool) {
	if set {
		kernel.SetSum(dst, t.all)
	} else {
		kernel.Sum(dst, t.all)
	}
	t.all = t.room[:0]
}

// release forgets the caller's memory, and the matrix.
func (w *work) release() {
	clear(w.symbols)
	w.solver.m = nil
}

// size returns about what w takes, in bytes.
func (w *work) size() int {
	s := &w.solver
	return cap(w.slab) + 25*cap(w.symbols) + 8*(cap(w.first)+cap(w.second)) + 5*cap(s.state) + rowBytes*cap(s.rows) +
		cap(s.combined) + cap(s.dense.bits)
}
