package slab

import (
	"testing"
	"time"
)

// TestMemoryIsShared: Pools of different sizes never hold more than their Memory together, and what one does not need
// another one gets.
func TestMemoryIsShared(t *testing.T) {
	m := NewMemory(100)
	large, small := m.Pool(40), m.Pool(10)
	a, b := large.Get(), large.Get()
	if a == nil || b == nil || large.Get() != nil {
		t.Fatal("two slabs of 40 bytes fit into 100, and no third")
	}
	c, d := small.Get(), small.Get()
	if c == nil || d == nil || small.Get() != nil {
		t.Fatal("two slabs of 10 bytes fit into the rest, and no third")
	}
	if m.Held() != 100 || small.Left() != 0 || large.Outstanding() != 2 || small.Outstanding() != 2 {
		t.Errorf("%d held, %d left", m.Held(), small.Left())
	}
	a.Release()
	if m.Held() != 100 || small.Left() != 40 {
		t.Errorf("%d held, %d left", m.Held(), small.Left())
	}
	e := small.Get() // the large one that is free gives way
	if e == nil || m.Held() != 70 {
		t.Errorf("%d held after another size took over, want 70", m.Held())
	}
	for _, s := range []*Slab{b, c, d, e} {
		s.Release()
	}
	if m.Held() != 70 || large.Outstanding() != 0 || small.Outstanding() != 0 || large.Left() != 100 {
		t.Errorf("%d held, %d left at the end", m.Held(), large.Left())
	}
	large.Drop()
	if m.Held() != 0 {
		t.Errorf("%d held after Drop", m.Held())
	}
}

// TestMemoryShrinks: what was needed at once stays while it is needed; what was not needed for an interval goes.
func TestMemoryShrinks(t *testing.T) {
	m := NewMemory(1000)
	p := m.Pool(10)
	now := time.Unix(1000, 0)
	use := func(n int) {
		var all []*Slab
		for range n {
			all = append(all, p.Get())
		}
		for _, s := range all {
			s.Release()
		}
	}
	use(50)
	p.Trim(now)
	for range 5 {
		use(20)
		now = now.Add(trimInterval / 2)
		p.Trim(now) // each second time it is too early
	}
	if m.Held() != 200 {
		t.Errorf("%d held while 200 are used", m.Held())
	}
	for range 2 {
		now = now.Add(trimInterval)
		p.Trim(now)
	}
	if m.Held() != 0 {
		t.Errorf("%d held while nothing is used", m.Held())
	}
}
