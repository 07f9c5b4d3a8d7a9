package raptor

import (
	"sync"
	"unsafe"
)

// keptWork bounds the memory that a workPool keeps, in bytes.
const keptWork = 16 << 20

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
	rows   []uint32
	slab   []byte
}

// size returns the memory of w, nearly.
func (w *work) size() uint64 {
	s, o, e := &w.system, &w.system.ordering, &w.system.echelon
	return bytesOf(s.matrix.start, s.matrix.cols, s.esis, s.origin, o.inactive, o.rest, o.colStart, o.colRows, o.heap, o.single[0],
		o.single[1], e.order, w.lost, w.esis, w.now, w.rows) +
		bytesOf(s.bits, e.rows, e.used, w.sums, w.seen, w.index) + bytesOf(o.place, w.unknown) +
		bytesOf(s.sets, o.degree, o.sum, o.parent, o.size) + bytesOf(o.pivots) + bytesOf(o.used, e.found) + bytesOf(w.slices) +
		bytesOf(w.slab) + w.program.size()
}

// bytesOf returns the memory of slices.
func bytesOf[E any](slices ...[]E) (n uint64) {
	var e E
	for _, s := range slices {
		n += uint64(cap(s)) * uint64(unsafe.Sizeof(e))
	}
	return n
}

// workPool keeps work to be used again, up to keptWork. The zero value is empty; it is safe for concurrent use.
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
	if size := w.size(); p.bytes+size <= keptWork {
		p.free = append(p.free, w)
		p.bytes += size
	}
}
