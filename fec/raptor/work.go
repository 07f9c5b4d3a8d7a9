package raptor

import (
	"slices"
	"sync"
	"unsafe"
)

// keptBytes bounds the memory that a workPool keeps, and a slabPool, in bytes.
const keptBytes = 16 << 20

// work is the memory of one decoder while it tries to recover a source block, and for building a plan.
type work struct {
	system  system
	program program

	lost    []uint32 // source symbols, ascending: the unknowns of a recovery by plan
	unknown []int32  // of each source symbol: which unknown it is, or -1
	sums    []uint64 // of each row of the plan's slab, sums of unknowns
	esis    []uint32
	seen    []uint64 // set of ESIs

	now    []uint32 // source symbols that are lost now
	index  []uint64 // repair symbols: ESI<<32 | place
	slices [][]byte
	need   []bool // the intermediate symbols that are needed
	rows   []uint32
}

// size returns the memory of w, nearly.
func (w *work) size() uint64 {
	s, o, e := &w.system, &w.system.ordering, &w.system.echelon
	return bytesOf(s.matrix.start, s.matrix.cols, s.esis, s.origin, o.inactive, o.rest, o.colStart, o.colRows, o.heap, o.single[0],
		o.single[1], e.order, w.lost, w.esis, w.now, w.rows) +
		bytesOf(s.bits, e.rows, e.used, w.sums, w.seen, w.index) + bytesOf(o.place, w.unknown) +
		bytesOf(s.sets, o.degree, o.sum, o.parent, o.size) + bytesOf(o.pivots) + bytesOf(o.used, e.found, w.need) + bytesOf(w.slices) +
		w.program.size()
}

// bytesOf returns the memory of slices.
func bytesOf[E any](slices ...[]E) (n uint64) {
	var e E
	for _, s := range slices {
		n += uint64(cap(s)) * uint64(unsafe.Sizeof(e))
	}
	return n
}

// workPool keeps work to be used again, up to keptBytes. The zero value is empty; it is safe for concurrent use.
type workPool struct {
	mu    sync.Mutex
	free  []*work
	bytes uint64 // of free
}

// get returns work of any content.
func (p *workPool) get() *work {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.free) - 1
	if n < 0 {
		return &work{}
	}
	w := p.free[n]
	p.free[n] = nil
	p.free = p.free[:n]
	p.bytes -= w.size()
	return w
}

// put gives w back. It refers to no symbols of the caller.
func (p *workPool) put(w *work) {
	clear(w.slices)
	p.mu.Lock()
	defer p.mu.Unlock()
	if size := w.size(); p.bytes+size <= keptBytes {
		p.free = append(p.free, w)
		p.bytes += size
	}
}

// slabPool keeps slabs to be used again, up to keptBytes: a decoder needs one only while it recovers symbols. The zero value is
// empty; it is safe for concurrent use.
type slabPool struct {
	mu    sync.Mutex
	free  [][]byte
	bytes int // of free
}

// get returns a slab of n bytes, of any content.
func (p *slabPool) get(n int) []byte {
	p.mu.Lock()
	for i, s := range p.free {
		if cap(s) >= n {
			p.free = slices.Delete(p.free, i, i+1)
			p.bytes -= cap(s)
			p.mu.Unlock()
			return s[:n]
		}
	}
	p.mu.Unlock()
	return make([]byte, n)
}

// put gives a slab back.
func (p *slabPool) put(s []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bytes+cap(s) <= keptBytes {
		p.free = append(p.free, s)
		p.bytes += cap(s)
	}
}
