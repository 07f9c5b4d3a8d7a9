package raptor

import (
	"container/list"
	"sync"
)

// planCache keeps the encoder plans of source block lengths: programs that compute the intermediate symbols from all source
// symbols. The ones used last stay. The zero value, with a limit, is empty; it is safe for concurrent use.
type planCache struct {
	limit uint64 // bytes

	mu      sync.Mutex
	entries map[int]*list.Element // by K; of *planEntry
	recent  list.List             // the entries, the one used last first
	bytes   uint64
}

// planEntry is one plan. It is built once, outside of the lock of the cache, by whoever comes first; others wait for it.
type planEntry struct {
	k     int
	once  sync.Once
	plan  *program
	bytes uint64 // counted by the cache; 0 until it is built
}

// get returns the plan of c, which is never changed.
func (p *planCache) get(c *code, works *workPool) *program {
	p.mu.Lock()
	if p.entries == nil {
		p.entries = map[int]*list.Element{}
	}
	element := p.entries[c.k]
	if element == nil {
		element = p.recent.PushFront(&planEntry{k: c.k})
		p.entries[c.k] = element
	}
	p.recent.MoveToFront(element)
	p.mu.Unlock()

	entry := element.Value.(*planEntry)
	entry.once.Do(func() {
		entry.plan = newPlan(c, works)
		p.add(element)
	})
	return entry.plan
}

// add counts a plan that was built, and drops those that there is no room for.
func (p *planCache) add(element *list.Element) {
	p.mu.Lock()
	defer p.mu.Unlock()
	entry := element.Value.(*planEntry)
	if p.entries[entry.k] != element {
		return // dropped meanwhile
	}
	entry.bytes = entry.plan.size()
	p.bytes += entry.bytes
	for p.bytes > p.limit && p.recent.Len() > 1 {
		last := p.recent.Back()
		old := p.recent.Remove(last).(*planEntry)
		delete(p.entries, old.k)
		p.bytes -= old.bytes
	}
}

// newPlan solves the source block of which all source symbols are there. That works for every K: the systematic indices
// have been chosen for it (RFC 5053, section 5.7).
func newPlan(c *code, works *workPool) *program {
	w := works.get()
	defer works.put(w)
	w.system.reset(c)
	for esi := range uint32(c.k) {
		w.system.add(esi)
	}
	if !w.system.solve() {
		panic("raptor: the source symbols do not determine the intermediate symbols")
	}
	w.program.build(&w.system, nil)
	return w.program.clone()
}
