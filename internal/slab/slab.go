// Package slab is the memory of datagrams on their way from the kernel to the actors that use them: one slab for each
// read, with one reference count for all datagrams in it.
//
// Whoever gets a slab has a reference and releases it exactly once; who passes it on to another retains one for them
// first. Bytes are only valid while a reference is held: who keeps them copies them.
//
// # Limitations
//
// One datagram that is kept keeps its whole slab.
package slab

import (
	"fmt"
	"net/netip"
	"sync/atomic"
)

// Datagram is one UDP datagram, a view into a slab.
type Datagram struct {
	Data      []byte
	Source    netip.AddrPort
	Truncated bool // the slot was too small for it
}

// Pool hands out slabs of one size, at most max at a time. It is safe for concurrent use.
type Pool struct {
	size int
	max  int64
	out  atomic.Int64
	free chan *Slab
}

// NewPool returns a Pool of up to max slabs of size bytes. Memory is allocated as it is needed, and kept.
func NewPool(size, max int) *Pool {
	return &Pool{size: size, max: int64(max), free: make(chan *Slab, max)}
}

// Get returns a slab with one reference, or nil when max of them are out. It never blocks.
func (p *Pool) Get() *Slab {
	if p.out.Add(1) > p.max {
		p.out.Add(-1)
		return nil
	}
	select {
	case s := <-p.free:
		s.refs.Store(1)
		return s
	default:
		s := &Slab{pool: p, bytes: make([]byte, p.size)}
		s.refs.Store(1)
		return s
	}
}

// Outstanding returns the number of slabs that are out.
func (p *Pool) Outstanding() int { return int(p.out.Load()) }

// Slab is a piece of memory with a reference count.
type Slab struct {
	pool  *Pool
	refs  atomic.Int32
	bytes []byte
}

// Bytes returns the memory.
func (s *Slab) Bytes() []byte { return s.bytes }

// Retain adds n references.
func (s *Slab) Retain(n int) {
	if s.refs.Add(int32(n)) <= int32(n) {
		panic("slab: retained after its release")
	}
}

// Release drops one reference. With the last one the slab goes back to its Pool. It panics when there was none left:
// somebody may be reading bytes that another datagram has overwritten.
func (s *Slab) Release() {
	switch n := s.refs.Add(-1); {
	case n == 0:
		s.pool.out.Add(-1)
		s.pool.free <- s // never blocks: there is room for every slab that can be out
	case n < 0:
		panic(fmt.Sprintf("slab: released %d times too often", -n))
	}
}
