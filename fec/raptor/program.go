package raptor

import "github.com/flute-node/flute-node/fec/internal/kernel"

// Where the sum of an op starts from, other than with a symbol.
const (
	zero = -1 // nothing
	keep = -2 // what is there
)

// op computes one row of a slab: that of dst becomes the sum of a symbol and of the rows of the slab in a list.
type op struct {
	dst   uint32
	start int32  // a symbol, or zero, or keep
	end   uint32 // of its rows in program.list; they begin where those of the op before it end
}

// program is a schedule of sums of symbols. It depends on ESIs only.
type program struct {
	rows  int // of the slab
	ops   []op
	list  []uint32
	final int // from this op on each computes a row that no other op computes after it
}

// size returns the memory of p in bytes.
func (p *program) size() uint64 { return uint64(cap(p.ops))*12 + uint64(cap(p.list))*4 }

// reset makes p a program for a slab of rows that does nothing.
func (p *program) reset(rows int) { *p = program{rows: rows, ops: p.ops[:0], list: p.list[:0]} }

// emit ends an op with the list as it is now.
func (p *program) emit(dst uint32, start int32) {
	p.ops = append(p.ops, op{dst, start, uint32(len(p.list))})
}

// clone returns a copy of p of the size that it needs.
func (p *program) clone() *program {
	return &program{p.rows, append(make([]op, 0, len(p.ops)), p.ops...), append(make([]uint32, 0, len(p.list)), p.list...), p.final}
}

// operands returns the rows that op i adds up.
func (p *program) operands(i int) []uint32 {
	begin := uint32(0)
	if i > 0 {
		begin = p.ops[i-1].end
	}
	return p.list[begin:p.ops[i].end]
}

// before returns the part of p before the final ops.
func (p *program) before() program { return program{rows: p.rows, ops: p.ops[:p.final], list: p.list} }

// appendFinal appends those final ops of q that are needed for some rows, and marks the rows that these need.
func (p *program) appendFinal(q *program, need []bool) {
	for i := len(q.ops) - 1; i >= q.final; i-- {
		if need[q.ops[i].dst] {
			for _, r := range q.operands(i) {
				need[r] = true
			}
		}
	}
	for i := q.final; i < len(q.ops); i++ {
		if v := q.ops[i]; need[v.dst] {
			p.list = append(p.list, q.operands(i)...)
			p.emit(v.dst, v.start)
		}
	}
}

// run computes width bytes, from the one at off in each symbol, of the rows of a slab, which have width bytes each.
func (p *program) run(slab []byte, width int, in symbols, off int) {
	begin := uint32(0)
	for _, v := range p.ops {
		rows := p.list[begin:v.end]
		begin = v.end
		dst := slab[int(v.dst)*width:][:width:width]
		switch {
		case v.start >= 0:
			in.copy(dst, int(v.start), off)
		case v.start == keep: // add
		default:
			kernel.SetSumRows(dst, slab, width, rows)
			continue
		}
		kernel.SumRows(dst, slab, width, rows)
	}
}

// express runs p with sums of unknowns for symbols: rows are words long; unknown says which one a symbol is, and is negative
// for a symbol that is known.
func (p *program) express(slab []uint64, words int, unknown []int32) {
	begin := uint32(0)
	for _, v := range p.ops {
		rows := p.list[begin:v.end]
		begin = v.end
		dst := slab[int(v.dst)*words:][:words:words]
		if v.start != keep {
			clear(dst)
		}
		if v.start >= 0 && unknown[v.start] >= 0 {
			u := unknown[v.start]
			dst[u/64] |= 1 << (u & 63)
		}
		sumWords(dst, slab, rows)
	}
}

// sumWords adds rows of slab to dst, as long as each of them.
func sumWords(dst, slab []uint64, rows []uint32) {
	if len(dst) == 1 {
		w := dst[0]
		for _, r := range rows {
			w ^= slab[r]
		}
		dst[0] = w
		return
	}
	for _, r := range rows {
		xor(dst, slab[int(r)*len(dst):][:len(dst)])
	}
}

// symbols are what a program reads: slices, or one after the other in contiguous memory. Symbols that end early go on with
// zeros.
type symbols struct {
	slices     [][]byte
	contiguous []byte
	length     int
}

// copy fills dst with symbol i from byte off on.
func (s symbols) copy(dst []byte, i, off int) {
	var src []byte
	if s.slices != nil {
		src = s.slices[i]
	} else if start := i * s.length; start < len(s.contiguous) {
		src = s.contiguous[start:min(start+s.length, len(s.contiguous))]
	}
	n := 0
	if off < len(src) {
		n = copy(dst, src[off:])
	}
	clear(dst[n:])
}
