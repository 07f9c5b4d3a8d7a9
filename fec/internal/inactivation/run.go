package inactivation

import "github.com/flute-node/flute-node/fec/internal/kernel"

// run computes a plan for width bytes of all symbols, from byte off on. The inputs are those of the sums; the first is a symbol
// of zeros. The slab has as many rows of width bytes as the plan needs.
func (p *Plan) run(slab []byte, width int, inputs [][]byte, off int, lost [][]byte, w *runner) {
	row := func(i int) []byte { return slab[i*width : (i+1)*width : (i+1)*width] }
	w.sums(p.forward, slab, width, inputs, off, nil)
	if d := p.dense; d != nil {
		w.dense(d, slab, width, p.denseAt)
	}
	w.sums(p.middle, slab, width, inputs, off, nil)
	if m := p.free.matrix; m != nil {
		w.dst, w.src = w.dst[:0], w.src[:0]
		for _, i := range p.free.dst {
			w.dst = append(w.dst, row(int(i)))
		}
		for _, i := range p.free.src {
			w.src = append(w.src, row(int(i)))
		}
		m.Mul(w.dst, w.src)
	}
	w.sums(p.back, slab, width, inputs, off, nil)
	w.sums(p.lost, slab, width, inputs, off, lost)
}

// runner holds what a run of plans needs besides the slab.
type runner struct {
	dst, src [][]byte
	rows     []uint32
}

// sums computes sums. Destinations are in lost, unless it is nil.
func (w *runner) sums(s sums, slab []byte, width int, inputs [][]byte, off int, lost [][]byte) {
	for len(s) > 0 {
		to, n, input := int(s[0]), int(s[1]), inputs[s[2]][off:off+width]
		w.rows = w.rows[:0]
		add := false // to what is in the destination
		for _, r := range s[sumHead : sumHead+n] {
			if int(r) == to && lost == nil {
				add = true
			} else {
				w.rows = append(w.rows, uint32(r))
			}
		}
		var dst []byte
		if lost != nil {
			dst = lost[to][off : off+width]
		} else {
			dst = slab[to*width : (to+1)*width]
		}
		if add {
			kernel.SumRows(dst, slab, width, w.rows)
		} else {
			kernel.SetSumRows(dst, slab, width, w.rows)
		}
		if s[2] != 0 {
			kernel.Xor(dst, input)
		}
		s = s[sumHead+n:]
	}
}

// dense computes the dense rows, from row at on.
func (w *runner) dense(d *Dense, slab []byte, width, at int) {
	row := func(i int) []byte { return slab[i*width : (i+1)*width : (i+1)*width] }
	h := len(d.Last)
	clear(slab[at*width : (at+h)*width])
	sum := make([]byte, width)
	for j := range len(d.Pairs) + 1 {
		if d.Alpha {
			kernel.AlphaXor(sum, row(j))
		} else {
			kernel.Xor(sum, row(j))
		}
		if j < len(d.Pairs) {
			kernel.Xor(row(at+int(d.Pairs[j][0])), sum)
			kernel.Xor(row(at+int(d.Pairs[j][1])), sum)
		}
	}
	for i, f := range d.Last {
		kernel.MulXor(row(at+i), sum, f)
	}
}
