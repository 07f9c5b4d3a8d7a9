package assembly

import (
	"math"
	"slices"
	"sync"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/store"
)

// Arenas that are not in use are kept for the next source block, which then costs no page faults: up to so many, of so
// many bytes together. This memory is not charged to a budget.
const (
	arenasKept     = 8
	arenasKeptSize = 16 << 20
)

// arena is memory in which a source block is put together for FEC.
type arena struct {
	bytes  []byte
	source [][]byte // the block's source symbols: views into bytes
	cost   uint64   // charged for it by whoever has taken it
	lent   bool     // whoever writes its bytes gives it back

	// What it is filled with.
	part    *fec.Partition
	sbn     fec.SBN
	k       uint32
	lost    []fec.ESI    // symbols of the block that are not there, ascending
	inOrder []byte       // the block as it is in the object: a view into bytes
	off     int64        // of inOrder in the object
	gaps    []store.Span // of inOrder, that are to be read from the object
	rest    []store.Span // memory for gaps
}

// Arenas lends memory for source blocks to all assemblies that share it. The zero value is ready to use. It is safe for
// concurrent use. What is lent is charged by whoever takes it.
type Arenas struct {
	mu   sync.Mutex
	idle []*arena
	size int // bytes of idle
}

// take returns an arena of size bytes for k source symbols. Its content is not defined.
func (s *Arenas) take(size, k int) *arena {
	a := s.fitting(size)
	if a == nil {
		a = &arena{bytes: make([]byte, size)}
	}
	a.bytes = a.bytes[:size]
	a.source = slices.Grow(a.source[:0], k)
	return a
}

// fitting removes and returns the smallest idle arena that has room, and not much more than is needed.
func (s *Arenas) fitting(size int) *arena {
	s.mu.Lock()
	defer s.mu.Unlock()
	best, least := -1, math.MaxInt
	for i, a := range s.idle {
		if n := cap(a.bytes); n >= size && n/4 <= size && n < least {
			best, least = i, n
		}
	}
	if best < 0 {
		return nil
	}
	a := s.idle[best]
	s.drop(best)
	return a
}

func (s *Arenas) drop(i int) {
	s.size -= cap(s.idle[i].bytes)
	s.idle = slices.Delete(s.idle, i, i+1)
}

// put takes an arena back.
func (s *Arenas) put(a *arena) {
	clear(a.source)
	a.part, a.lost, a.inOrder, a.lent = nil, nil, nil, false
	s.mu.Lock()
	defer s.mu.Unlock()
	n := cap(a.bytes)
	if n > arenasKeptSize {
		return
	}
	s.idle = append(s.idle, a)
	s.size += n
	for len(s.idle) > arenasKept || s.size > arenasKeptSize {
		s.drop(0) // the one that was not needed for the longest time
	}
}
