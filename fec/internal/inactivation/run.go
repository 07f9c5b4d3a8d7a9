package inactivation

import "github.com/flute-node/flute-node/fec/internal/kernel"

// level is an implementation of sums and running sums. What the CPU has is found out once: see active.
type level uint8

const (
	portable level = iota // Go, on the sums of package kernel
	avx2
	avx512 // with GFNI
)

// active is the implementation in use.
var active = levels()[len(levels())-1]

// runner runs plans. It holds what they need besides the slab.
type runner struct {
	level    level
	dst, src [][]byte
	rows     []uint32
	sum      [maxWidth]byte
}

// run computes a plan for width bytes of all symbols, from byte off on: 64, 128 or 256. The inputs are those of the
// sums; the first is a symbol of zeros. The slab has as many rows of width bytes as the plan needs.
func (w *runner) run(p *Plan, slab []byte, width int, inputs [][]byte, off int, lost [][]byte) {
	w.settle(p, slab, width, inputs, off)
	w.sums(p.back[p.settled:], slab, width, inputs, off, nil)
	if len(lost) > 0 {
		w.sums(p.lost, slab, width, inputs, off, lost)
	}
}

// settle computes all but the pivots: see shortcut.
func (w *runner) settle(p *Plan, slab []byte, width int, inputs [][]byte, off int) {
	w.sums(p.forward, slab, width, inputs, off, nil)
	if p.dense != nil {
		w.dense(p.dense, slab, width, p.denseAt)
	}
	w.sums(p.middle, slab, width, inputs, off, nil)
	if len(p.free.dst) > 0 {
		w.dst, w.src = w.dst[:0], w.src[:0]
		for _, i := range p.free.dst {
			w.dst = append(w.dst, rowOf(slab, width, int(i)))
		}
		for _, i := range p.free.src {
			w.src = append(w.src, rowOf(slab, width, int(i)))
		}
		p.free.matrix.Mul(w.dst, w.src)
	}
	w.sums(p.back[:p.settled], slab, width, inputs, off, nil)
}

func rowOf(slab []byte, width, i int) []byte { return slab[i*width : (i+1)*width : (i+1)*width] }

// sums computes sums. Destinations are in lost, unless it is nil.
func (w *runner) sums(s sums, slab []byte, width int, inputs [][]byte, off int, lost [][]byte) {
	if len(s) == 0 {
		return
	}
	var symbols *[]byte
	if lost != nil {
		symbols = &lost[0]
	}
	// The address of the last word will do for an end: sums have three words at least.
	if w.level.sums(&s[0], &s[len(s)-1], &slab[0], width, &inputs[0], off, symbols) {
		return
	}
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
			dst = rowOf(slab, width, to)
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

// dense computes the dense rows, which are the rows of the slab from at on.
func (w *runner) dense(d *Dense, slab []byte, width, at int) {
	h := len(d.Last)
	clear(slab[at*width : (at+h)*width])
	sum := w.sum[:width]
	if len(d.Pairs) == 0 || !w.level.running(&d.Pairs[0], len(d.Pairs), &slab[0], &slab[at*width], width, d.Alpha,
		&sum[0]) {
		clear(sum)
		for j := range len(d.Pairs) + 1 {
			if d.Alpha {
				kernel.AlphaXor(sum, rowOf(slab, width, j))
			} else {
				kernel.Xor(sum, rowOf(slab, width, j))
			}
			if j < len(d.Pairs) {
				kernel.Xor(rowOf(slab, width, at+int(d.Pairs[j][0])), sum)
				kernel.Xor(rowOf(slab, width, at+int(d.Pairs[j][1])), sum)
			}
		}
	}
	for i, f := range d.Last {
		kernel.MulXor(rowOf(slab, width, at+i), sum, f)
	}
}
