package rs

import (
	"sync"

	"github.com/flute-node/flute-node/fec"
)

// The matrices that a Scheme keeps for encoders: an object has blocks of two lengths at most, and a session few OTIs.
const (
	maxPlans     = 64
	maxPlanBytes = 32 << 20
)

// planKey names what the matrix of an encoder depends on.
type planKey struct {
	bits         uint
	variant      fec.Variant
	k            int // source symbols
	first, count int // encoding symbols
}

// plan is the matrix of an encoder. It is immutable once it is made.
type plan struct {
	once   sync.Once
	matrix matrix
	bytes  uint64
}

// plans is a bounded cache of matrices.
type plans struct {
	mu      sync.Mutex
	entries map[planKey]*plan
	keys    []planKey // of entries, the one that was used last is last
	bytes   uint64
}

// entry returns the plan for key, which may not be made yet; nil if it is too large to be kept.
func (p *plans) entry(key planKey) *plan {
	bytes := uint64(key.k) * uint64(key.count) * coefficientBytes(key.bits)
	if bytes > maxPlanBytes/4 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.entries[key]; e != nil {
		for i, k := range p.keys {
			if k == key {
				copy(p.keys[i:], p.keys[i+1:])
				p.keys[len(p.keys)-1] = key
				break
			}
		}
		return e
	}
	for len(p.keys) > 0 && (len(p.keys) == maxPlans || p.bytes+bytes > maxPlanBytes) {
		p.bytes -= p.entries[p.keys[0]].bytes
		delete(p.entries, p.keys[0])
		p.keys = append(p.keys[:0], p.keys[1:]...)
	}
	e := &plan{bytes: bytes}
	p.entries[key] = e
	p.keys, p.bytes = append(p.keys, key), p.bytes+bytes
	return e
}

// matrix returns the one that makes count encoding symbols of b, from the repair symbol first on. It belongs to the
// cache or to w.
func (s *Scheme) matrix(b *block, first, count int, w *workspace) *matrix {
	e := s.plans.entry(planKey{b.bits, b.variant, b.k, first, count})
	if e == nil {
		w.plan(&w.matrix, b, first, count)
		return &w.matrix
	}
	e.once.Do(func() {
		e.matrix = b.newMatrix()
		w.plan(&e.matrix, b, first, count)
	})
	return &e.matrix
}

// plan makes m the matrix that makes count encoding symbols of b, from the repair symbol first on.
func (w *workspace) plan(m *matrix, b *block, first, count int) {
	w.sources(b)
	m.reset(count, &w.basis)
	for i := range count {
		w.room = m.set(i, &w.basis, first+i, w.room)
	}
}

// sources makes all source symbols of b known.
func (w *workspace) sources(b *block) {
	w.basis.reset(b.field, b.variant, b.k)
	w.basis.points, w.basis.inverse = sized(w.basis.points, b.k)[:0], sized(w.basis.inverse, b.k)[:0]
	for i := range b.k {
		w.basis.know(i)
	}
}
