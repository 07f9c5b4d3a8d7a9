package ldpc

import "sync"

// keptBytes bounds the work memory that is kept for the next block.
const keptBytes = 16 << 20

// pool is a free list of work. It is safe for concurrent use.
type pool struct {
	mu    sync.Mutex
	idle  []*work
	bytes int
}

func (p *pool) take() *work {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle)
	if n == 0 {
		return &work{}
	}
	w := p.idle[n-1]
	p.idle[n-1], p.idle = nil, p.idle[:n-1]
	p.bytes -= w.size()
	return w
}

func (p *pool) put(w *work) {
	w.release()
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := w.size(); p.bytes+n <= keptBytes {
		p.idle, p.bytes = append(p.idle, w), p.bytes+n
	}
}
