package inactivation

import (
	"slices"

	"github.com/flute-node/flute-node/fec/internal/kernel"
)

// few decodes a block that lost few symbols by the plan of encoders. With zeros in place of the lost symbols the plan
// gives intermediate symbols that are wrong by what the lost ones contribute, and so are the repair symbols made of
// them: what is received differs from what is made by the same sums of the lost symbols. Those sums are found when the
// plan runs on vectors of coefficients. They form a small system of linear equations over GF(2^8), which has a solution
// exactly when the whole has.
type few struct {
	plan   *Plan
	chosen []uint32       // ISIs of repair symbols: as many as lost ones
	matrix *kernel.Matrix // the lost symbols are this times the differences of those chosen
	rows   []byte         // of the system: a row of coefficients, and one of what it is a sum of
	made   sums           // the differences
	units  []byte         // the vectors of lost symbols, and zeros
	unitOf []uint8        // of source symbols: which of units
	vector []uint64       // of the shortcut
}

// isFew says whether it takes less time to carry lost symbols through a plan than to make one. Times, in ns, are those
// of one machine; what counts is their ratio.
func isFew(lost, k int) bool {
	vectors, elimination, compile := 15*k*((lost+minWidth-1)/minWidth), lost*lost*(15+lost/8), 300*k
	return vectors+elimination < compile
}

// solve reports whether the repair symbols extra suffice for those that are missing.
func (f *few) solve(c *Code, p *Plan, w *worker, missing, extra []uint32) bool {
	l := len(missing)
	f.plan, f.chosen = p, room(f.chosen, l)
	f.rows = resize(f.rows, (l+1)*2*l)
	coefficients := w.rows(p.rows+1, minWidth)
	f.units = resize(f.units, (minWidth+1)*minWidth)
	clear(f.units)
	for i := range minWidth {
		f.units[i*minWidth+i] = 1
	}
	zeros := f.units[minWidth*minWidth:]
	f.unitOf = resize(f.unitOf, c.Source)
	for isi := range f.unitOf {
		f.unitOf[isi] = minWidth
	}
	// Repair symbols are tried one after the other. More of them than the lost ones are of use only if the first have
	// no full rank, which is rare: then all of them are looked at.
	for n := l; ; n = len(extra) {
		all := resize(w.coefficients, n*l)
		w.coefficients = all
		for first := 0; first < l; first += minWidth {
			last := min(first+minWidth, l)
			for i, isi := range missing[first:last] {
				f.unitOf[isi] = uint8(i)
			}
			w.inputs = append(room(w.inputs, len(p.inputs)+1+inputAhead), zeros)
			for _, isi := range p.inputs {
				i := int(f.unitOf[isi])
				w.inputs = append(w.inputs, f.units[i*minWidth:(i+1)*minWidth])
			}
			for _, isi := range missing[first:last] {
				f.unitOf[isi] = minWidth
			}
			w.inputs = paddedInputs(w.inputs)
			w.runner.settle(p, coefficients, minWidth, w.inputs, 0)
			for i, isi := range extra[:n] {
				w.sum = f.append(w.sum[:0], c, p.rows, 0, isi).padded()
				w.runner.sums(w.sum, coefficients, minWidth, w.inputs, 0, nil)
				copy(all[i*l+first:i*l+last], rowOf(coefficients, minWidth, p.rows))
			}
		}
		if f.eliminate(all, extra[:n], l) {
			return true
		}
		if n == len(extra) {
			return false
		}
	}
}

// eliminate finds l rows of coefficients that have full rank, and inverts them.
func (f *few) eliminate(all []byte, extra []uint32, l int) bool {
	f.chosen = f.chosen[:0]
	var pivots [1 << 10]uint16 // the column of a row
	row := func(i int) []byte { return f.rows[i*2*l : (i+1)*2*l : (i+1)*2*l] }
	for i, isi := range extra {
		n := len(f.chosen)
		next := row(n)
		clear(next[copy(next, all[i*l:(i+1)*l]):])
		next[l+n] = 1
		for r := range n {
			addScaled(next, row(r), next[pivots[r]])
		}
		pivot := slices.IndexFunc(next[:l], func(b byte) bool { return b != 0 })
		if pivot < 0 {
			continue
		}
		scale(next, inverse(next[pivot]))
		for r := range n {
			addScaled(row(r), next, row(r)[pivot])
		}
		pivots[n] = uint16(pivot)
		f.chosen = append(f.chosen, isi)
		if n+1 == l {
			break
		}
	}
	if len(f.chosen) < l {
		return false
	}
	if f.matrix == nil {
		f.matrix = kernel.NewMatrix(nil)
	}
	f.matrix.Reset(l, l)
	for r, pivot := range pivots[:l] {
		copy(f.matrix.Row(int(pivot)), row(r)[l:])
	}
	return true
}

// prepare makes the sums of the differences: the intermediate symbols of a repair symbol and the symbol itself. Their
// rows in the slab follow those of the plan, and their inputs those of the plan.
func (f *few) prepare(c *Code) {
	f.made = room(f.made, len(f.chosen)*(sumHead+c.degree()+len(f.plan.shortcut.inactive))+rowsAhead)
	for i, isi := range f.chosen {
		f.made = f.append(f.made, c, f.plan.rows+i, len(f.plan.inputs)+1+i, isi)
	}
}

// append appends the sum for an encoding symbol. It is of rows after settle.
func (f *few) append(s sums, c *Code, destination, input int, isi uint32) sums {
	start := len(s)
	s = c.LT(s.begin(destination, input), isi)
	s, f.vector = f.plan.shortcut.shorten(s, start+sumHead, f.vector)
	s.end(start)
	return s
}

// run computes the lost symbols after settle.
func (f *few) run(w *runner, slab []byte, width int, inputs [][]byte, off int, lost [][]byte) {
	w.sums(f.made, slab, width, inputs, off, nil)
	w.dst, w.src = w.dst[:0], w.src[:0]
	for i := range f.chosen {
		w.src = append(w.src, rowOf(slab, width, f.plan.rows+i))
		w.dst = append(w.dst, lost[i][off:off+width])
	}
	f.matrix.Mul(w.dst, w.src)
}
