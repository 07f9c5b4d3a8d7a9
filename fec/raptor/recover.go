package raptor

import (
	"slices"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/kernel"
)

// gather builds the program of a solved block and finds the symbols that it reads. It returns false when one of them is
// missing.
func (d *decoder) gather(source [][]byte, repair []fec.Symbol) bool {
	w, k := d.work, d.code.k
	if d.method == byPlan {
		d.buildByPlan()
	} else {
		w.need = resize(w.need, d.code.l)
		for _, esi := range w.now {
			d.markLT(esi)
		}
		w.program.build(&w.system, w.need)
	}
	// By plan, the source symbols are there for the plan, and the program reads what w.esis says after them.
	first := 0
	esis := w.system.esis
	if d.method == byPlan {
		for _, esi := range w.now {
			if w.unknown[esi] < 0 {
				return false
			}
		}
		esis, first = w.esis, k
	}
	w.slices = resize(w.slices, first+len(esis))
	copy(w.slices, source[:first])
	w.seen = resize(w.seen, modulus/64+1)
	for i, esi := range esis {
		if esi < uint32(k) {
			w.slices[first+i] = source[esi]
		} else {
			mark(w.seen, esi)
		}
	}
	// The repair symbols, each once, by ESI.
	w.index = resize(w.index, len(esis))[:0]
	for i, s := range repair {
		if esi := uint32(s.ESI); marked(w.seen, esi) {
			w.seen[esi/64] &^= 1 << (esi & 63)
			w.index = append(w.index, uint64(esi)<<32|uint64(i))
		}
	}
	slices.Sort(w.index)
	for i, esi := range esis {
		if esi >= uint32(k) {
			at, _ := slices.BinarySearch(w.index, uint64(esi)<<32)
			if at < len(w.index) && uint32(w.index[at]>>32) == esi {
				w.slices[first+i] = repair[uint32(w.index[at])].Data
			}
		}
	}
	for _, v := range w.program.ops {
		// The unknowns are zero for the plan.
		if v.start >= int32(first) && len(w.slices[v.start]) == 0 {
			return false
		}
	}
	return true
}

// markLT marks the intermediate symbols of encoding symbol esi as needed.
func (d *decoder) markLT(esi uint32) {
	w := d.work
	w.rows = d.code.appendLT(w.rows[:0], esi)
	for _, c := range w.rows {
		w.need[c] = true
	}
}

// buildByPlan makes the program that follows the plan up to its final ops. Row d.plan.rows+i of its slab is the unknown i.
func (d *decoder) buildByPlan() {
	w, p, e := d.work, &d.work.program, &d.work.system.echelon
	base := d.plan.rows
	p.reset(base + e.n)
	p.ops = slices.Grow(p.ops, 2*e.n+d.code.l)
	p.list = slices.Grow(p.list, e.n*maxDegree+weight(e.rows)+weight(e.used)+len(d.plan.list)-int(d.plan.ops[d.plan.final-1].end))
	w.need = resize(w.need, base)
	for _, esi := range w.system.origin {
		d.markLT(esi)
	}
	p.appendFinal(d.plan, w.need)
	w.esis = resize(w.esis, e.n)[:0]
	for _, t := range e.order {
		// What the plan makes of an encoding symbol without the unknowns, and what it is, differ by the unknowns in it.
		esi := w.system.origin[t]
		p.list = d.code.appendLT(p.list, esi)
		n := len(p.list)
		p.list = e.appendUsed(p.list, int(t))
		for i := range p.list[n:] {
			p.list[n+i] += uint32(base)
		}
		p.emit(uint32(base)+t, int32(d.code.k+len(w.esis)))
		w.esis = append(w.esis, esi)
	}
	for t := e.n - 1; t >= 0; t-- {
		n := len(p.list)
		p.list = e.appendRest(p.list, t)
		for i := range p.list[n:] {
			p.list[n+i] += uint32(base)
		}
		if len(p.list) > n {
			p.emit(uint32(base+t), keep)
		}
	}
}

// decoderLayout returns the layout of the slab of a decoder with rows for so many unknowns. It is the same whatever is lost,
// up to maxUnknowns.
func decoderLayout(c *code, length, unknowns int, stripes bool) layout {
	return newLayout(c.l+newBuckets(c).rows()+max(maxUnknowns(c.k), unknowns), length, stripes)
}

// fill computes the lost source symbols.
func (d *decoder) fill(source [][]byte) {
	w := d.work
	for _, esi := range w.now {
		if cap(source[esi]) < d.length {
			source[esi] = make([]byte, 0, d.length)
		}
	}
	unknowns := 0
	if d.method == byPlan {
		unknowns = len(w.lost)
	}
	l := decoderLayout(&d.code, d.length, unknowns, d.scheme.parallel != nil)
	size := l.planeSize()
	if d.scheme.parallel != nil { // each plane in memory of its own
		size = l.size()
	}
	memory := d.scheme.slabs.get(size)
	d.scheme.each(l.planes, func(i int) {
		slab := memory[:l.planeSize()]
		if d.scheme.parallel != nil {
			slab = l.plane(memory, i)
		}
		d.fillPlane(source, slab, l, i)
	})
	d.scheme.slabs.put(memory)
	for _, esi := range w.now {
		source[esi] = source[esi][:d.length]
	}
}

// fillPlane computes those bytes of the lost source symbols that are in plane i, of which slab is the memory.
func (d *decoder) fillPlane(source [][]byte, slab []byte, l layout, i int) {
	w := d.work
	start, end := l.span(i)
	in := symbols{slices: w.slices}
	if d.method == byPlan {
		before := d.plan.before()
		before.run(slab, l.width, in, start)
	}
	w.program.run(slab, l.width, in, start)
	var rows [maxDegree]uint32
	for _, esi := range w.now {
		var list []uint32
		if d.method == byPlan {
			list = append(rows[:0], uint32(d.plan.rows)+uint32(w.unknown[esi]))
		} else {
			list = d.code.appendLT(rows[:0], esi)
		}
		kernel.SetSumRows(source[esi][start:end:end], slab, l.width, list)
	}
}
