package rs

import "sync"

// workspace is memory for the coding of a source block. It holds no symbol of a caller when it is idle.
type workspace struct {
	code   *code
	basis  basis
	matrix matrix
	room   []uint16 // a row
	seen   []uint64 // a bit for each repair symbol
	known  []uint16 // ESIs of src in a decoder
	lost   []uint16 // ESIs of lost source symbols
	// What is multiplied, and the results.
	src, dst [][]byte
	// The same, unpacked, a stripe of it.
	stripeSrc, stripeDst [][]byte
	stripes              []byte
	symbol               []byte
	bytes                uint64 // of all that, about
}

// multiply sets the columns from byte off to before end of the symbols dst to the products of m and src. Where symbols
// have to be unpacked, off is a multiple of a stripe.
func (w *workspace) multiply(m *matrix, dst, src [][]byte, off, end int) {
	if !isPacked(w.code.bits) {
		if whole := off == 0 && end == len(src[0]); !whole {
			w.stripeSrc, w.stripeDst = sized(w.stripeSrc, len(src)), sized(w.stripeDst, len(dst))
			cut(w.stripeSrc, src, off, end)
			cut(w.stripeDst, dst, off, end)
			dst, src = w.stripeDst, w.stripeSrc
		}
		m.mul(dst, src)
		return
	}
	w.stripeSrc, w.stripeDst = sized(w.stripeSrc, len(src)), sized(w.stripeDst, len(dst))
	p := packing(w.code.bits)
	stripe := min(p.stripe(), end-off)
	room := p.unpacked(stripe)
	w.stripes = sized(w.stripes, (len(dst)+len(src))*room)
	for ; off < end; off += stripe {
		n := min(stripe, end-off)
		unpacked := p.unpacked(n)
		for i, s := range src {
			w.stripeSrc[i] = w.stripes[i*room:][:unpacked]
			p.unpack(w.stripeSrc[i], s[off:off+n])
		}
		for i := range dst {
			w.stripeDst[i] = w.stripes[(len(src)+i)*room:][:unpacked]
		}
		m.mul(w.stripeDst, w.stripeSrc)
		for i, d := range dst {
			p.pack(d[off:off+n], w.stripeDst[i])
		}
	}
}

// cut sets part to bytes off to before end of all symbols.
func cut(part, symbols [][]byte, off, end int) {
	for i, s := range symbols {
		part[i] = s[off:end:end]
	}
}

// sized returns s with n elements; those that it had may be gone.
func sized[E any](s []E, n int) []E {
	if cap(s) < n {
		return make([]E, n)
	}
	return s[:n]
}

// The idle workspaces that a Scheme keeps: no more than that many blocks are coded at a time where there are no more
// cores.
const (
	maxIdle      = 16
	maxIdleBytes = 64 << 20
)

// workspaces is a bounded list of idle ones.
type workspaces struct {
	mu    sync.Mutex
	idle  []*workspace
	bytes uint64
}

// take returns a workspace for c.
func (l *workspaces) take(c *code) *workspace {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := len(l.idle) - 1; i >= 0; i-- {
		if w := l.idle[i]; w.code == c {
			last := len(l.idle) - 1
			l.idle[i], l.idle[last] = l.idle[last], nil
			l.idle = l.idle[:last]
			l.bytes -= w.bytes
			return w
		}
	}
	return &workspace{code: c, matrix: c.newMatrix()}
}

// put gives w back.
func (l *workspaces) put(w *workspace) {
	clear(w.src)
	clear(w.dst)
	clear(w.stripeSrc)
	clear(w.stripeDst)
	w.bytes = w.size()
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.idle) > 0 && (len(l.idle) == maxIdle || l.bytes+w.bytes > maxIdleBytes) { // the oldest goes
		l.bytes -= l.idle[0].bytes
		l.idle = append(l.idle[:0], l.idle[1:]...)
	}
	if w.bytes <= maxIdleBytes {
		l.idle, l.bytes = append(l.idle, w), l.bytes+w.bytes
	}
}

// size returns the memory that w holds.
func (w *workspace) size() uint64 {
	b := &w.basis
	n := 2*(cap(b.lost)+cap(b.taken)+cap(b.points)+cap(b.inverse)+cap(w.room)+cap(w.known)+cap(w.lost)) +
		8*cap(w.seen) +
		header*(cap(w.src)+cap(w.dst)+cap(w.stripeSrc)+cap(w.stripeDst)) + cap(w.stripes) + cap(w.symbol) +
		w.matrix.size()
	return uint64(n)
}
