// Package slab holds the memory of datagrams on their way from the kernel to the actors that use them: one slab for
// each read, with one reference count for all datagrams in it.
//
// Whoever gets a slab holds a reference, and must release it exactly once. To pass a slab on, retain a reference for
// the next owner first. The bytes are valid only while a reference is held: copy what must outlive it.
//
// # Limitations
//
// One datagram that is kept keeps its whole slab. A slab that is released once too often is noticed only until the Pool
// hands it out again.
package slab

import (
	"fmt"
	"net/netip"
	"sync/atomic"
)

// Datagram is one UDP datagram, a view into a slab. Several of them may come from one message of the kernel.
type Datagram struct {
	Data      []byte         // may be empty
	Source    netip.AddrPort // without a zone; IPv4 is never mapped into IPv6
	Truncated bool           // the datagram was longer than the room for it: Data is only its beginning
}

// A message of several datagrams takes a slot of MessageSize bytes of a slab. Linux makes up to MessageDatagrams of one
// that it is given (UDP_SEGMENT), and joins no more (UDP_GRO).
const (
	MessageSize      = 64 << 10
	MessageDatagrams = 128
)

// Slab is a piece of memory with a reference count. Retain and Release are safe for concurrent use.
type Slab struct {
	pool  *Pool // that it is out of
	use   uint64
	refs  atomic.Int32
	bytes []byte
}

// Use returns which use of its Memory this is: another one each time that a slab goes out. Unlike a pointer it keeps
// nothing in memory. The caller must hold a reference.
func (s *Slab) Use() uint64 { return s.use }

// Bytes returns the memory.
func (s *Slab) Bytes() []byte { return s.bytes }

// Retain adds n references. The caller must hold a reference: Retain panics otherwise.
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
		s.pool.put(s)
	case n < 0:
		panic(fmt.Sprintf("slab: released %d times too often", -n))
	}
}
