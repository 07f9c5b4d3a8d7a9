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
	p.free.pinned.Add(-p.pinned)
	p.pinned = 0
	(*views)(p).Release()
}

// views is what an object holds of Packets: the bytes, until its Release.
type views Packets

// retain returns the views of an object.
func (p *Packets) retain() *views {
	p.refs.Add(1)
	return (*views)(p)
}

// Release frees the bytes when nobody holds them any more.
func (v *views) Release() {
	if v.refs.Add(-1) > 0 {
		return
	}
	for i, s := range v.slabs {
		s.Release()
		v.slabs[i] = nil
	}
	clear(v.Datagrams)
	v.slabs, v.Datagrams, v.done = v.slabs[:0], v.Datagrams[:0], 0
	v.free.list.Put((*Packets)(v), maxFree)
}

// hold keeps the bytes of s, with the reference of the caller.
func (p *Packets) hold(s *slab.Slab) {
	if n := len(p.slabs); n > 0 && p.slabs[n-1] == s {
		s.Release() // it holds them already
		return
	}
	p.slabs = append(p.slabs, s)
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

func (f *freeList) get() *Packets {
	p := f.list.Get()
	if p == nil {
		p = &Packets{free: f}
	}
	p.refs.Store(1)
	return p
}
