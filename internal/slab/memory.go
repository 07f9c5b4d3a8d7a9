package slab

import (
	"sync"
	"time"
)

// trimInterval is how long a slab stays that nobody needs, and how often Trim looks.
const trimInterval = time.Second

// Memory bounds the slabs of several Pools together. It allocates what is asked for, keeps it for the next who asks,
// and gives up what was not needed for a while. It is safe for concurrent use.
type Memory struct {
	limit int

	mu      sync.Mutex
	held    int            // bytes of all slabs
	out     int            // bytes of those that are out
	uses    uint64         // how often one went out
	shelves map[int]*shelf // by size
	trimmed time.Time
}

// shelf holds the slabs of one size that are not out.
type shelf struct {
	free  []*Slab // the last one released goes out first: its memory is still in the cache
	least int     // the fewest that were free since the last Trim: so many were not needed
}

// NewMemory returns a Memory of limit bytes, all of them free.
func NewMemory(limit int) *Memory { return &Memory{limit: limit, shelves: map[int]*shelf{}} }

// Held returns the bytes of all slabs, out or kept for the next who asks.
func (m *Memory) Held() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.held
}

// Pool returns a Pool of slabs of size bytes that draws on the Memory.
func (m *Memory) Pool(size int) *Pool {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.shelves[size]
	if s == nil {
		s = &shelf{}
		m.shelves[size] = s
	}
	return &Pool{memory: m, size: size, shelf: s}
}

// makeRoom gives up free slabs until n bytes more may be held. It reports whether they may. m.mu is held.
func (m *Memory) makeRoom(n int) bool {
	if m.out+n > m.limit {
		return false
	}
	for size, s := range m.shelves {
		for m.held+n > m.limit && len(s.free) > 0 {
			m.drop(s, size, 1)
		}
	}
	return true
}

// drop gives up n free slabs, those that were not used for longest. m.mu is held.
func (m *Memory) drop(s *shelf, size, n int) {
	left := copy(s.free, s.free[n:])
	clear(s.free[left:])
	s.free = s.free[:left]
	s.least = min(s.least, left)
	m.held -= n * size
}

// Pool hands out slabs of one size. It is safe for concurrent use.
type Pool struct {
	memory *Memory
	size   int
	shelf  *shelf
	number int // of slabs that are out
}

// NewPool returns a Pool of up to max slabs of size bytes, with a Memory of its own.
func NewPool(size, max int) *Pool { return NewMemory(size * max).Pool(size) }

// Get returns a slab with one reference, or nil when the Memory is spent. It never waits for one.
func (p *Pool) Get() *Slab {
	s, use := p.get()
	switch {
	case use == 0:
		return nil
	case s == nil:
		s = &Slab{bytes: make([]byte, p.size)}
	}
	s.pool, s.use = p, use
	s.refs.Store(1)
	return s
}

// get takes a slab out of the shelf, or room for another: then it is nil. use is 0 if there is none.
func (p *Pool) get() (s *Slab, use uint64) {
	m := p.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := len(p.shelf.free); n > 0 {
		s, p.shelf.free[n-1] = p.shelf.free[n-1], nil
		p.shelf.free = p.shelf.free[:n-1]
		p.shelf.least = min(p.shelf.least, n-1)
	} else if m.makeRoom(p.size) {
		m.held += p.size
	} else {
		return nil, 0
	}
	m.out += p.size
	p.number++
	m.uses++
	return s, m.uses
}

func (p *Pool) put(s *Slab) {
	m := p.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	m.out -= p.size
	p.number--
	p.shelf.free = append(p.shelf.free, s)
}

// Size returns the bytes of each slab.
func (p *Pool) Size() int { return p.size }

// Outstanding returns the number of slabs of this Pool that are out.
func (p *Pool) Outstanding() int {
	p.memory.mu.Lock()
	defer p.memory.mu.Unlock()
	return p.number
}

// Left returns how many bytes the Memory would still hand out.
func (p *Pool) Left() int {
	p.memory.mu.Lock()
	defer p.memory.mu.Unlock()
	return p.memory.limit - p.memory.out
}

// HasPlenty reports whether as much is left as is out.
func (p *Pool) HasPlenty() bool {
	p.memory.mu.Lock()
	defer p.memory.mu.Unlock()
	return 2*p.memory.out <= p.memory.limit
}

// Trim gives up the slabs of the Memory that nobody has needed since the last Trim. It is called each second or so, by
// whoever uses the Memory; more often it does nothing.
func (p *Pool) Trim(now time.Time) {
	m := p.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	if now.Sub(m.trimmed) < trimInterval {
		return
	}
	m.trimmed = now
	for size, s := range m.shelves {
		m.drop(s, size, s.least)
		s.least = len(s.free)
	}
}

// Drop gives up all slabs of the Memory that are not out: whoever needs one has it made.
func (p *Pool) Drop() {
	m := p.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	for size, s := range m.shelves {
		m.drop(s, size, len(s.free))
	}
}
