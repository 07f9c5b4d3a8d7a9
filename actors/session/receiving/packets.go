package receiving

import (
	"sync/atomic"

	"github.com/flute-node/flute-node/internal/reuse"
	"github.com/flute-node/flute-node/internal/slab"
)

// Bytes implements actors.Data.
func (p *Packets) Bytes() int {
	n := 0
	for _, d := range p.Datagrams {
		n += len(d.Data)
	}
	return n
}

// Release implements actors.Data.
func (p *Packets) Release() {
	if p.pins {
		p.pins = false
		p.free.pinned.Add(-int64(len(p.Slab.Bytes())))
	}
	p.Slab.Release()
	clear(p.Datagrams)
	p.Slab, p.Datagrams, p.done = nil, p.Datagrams[:0], 0
	p.free.list.Put(p, maxFree)
}

// unhandledBytes is Bytes of the datagrams that the session has not handled.
func (p *Packets) unhandledBytes() (n int) {
	for _, d := range p.Datagrams[p.done:] {
		n += len(d.Data)
	}
	return n
}

// unhandled returns how many datagrams the session has not handled.
func (p *Packets) unhandled() int { return len(p.Datagrams) - p.done }

// IgnoreDeadLetterLogging implements actors.Data.
func (p *Packets) IgnoreDeadLetterLogging() {}

// freeList holds Packets for reuse, between the reader and the session's goroutine.
type freeList struct {
	pinned atomic.Int64 // bytes of the slabs that the Packets in use hold
	list   reuse.List[Packets]
}

// maxFree bounds a freeList: as many batches as a session usually has waiting.
const maxFree = 64

func (f *freeList) get(s *slab.Slab) *Packets {
	p := f.list.Get()
	if p == nil {
		p = &Packets{free: f}
	}
	p.Slab = s
	return p
}
