package slab

import "testing"

func TestPoolIsBounded(t *testing.T) {
	p := NewPool(8, 2)
	a, b := p.Get(), p.Get()
	if a == nil || b == nil || p.Get() != nil || p.Outstanding() != 2 {
		t.Fatal("a Pool of two gives two slabs")
	}
	a.Retain(1)
	a.Release()
	if p.Get() != nil {
		t.Fatal("a slab that is still held was given out")
	}
	a.Release()
	if c := p.Get(); c != a {
		t.Fatal("a released slab was not used again")
	}
}

func TestDoubleReleasePanics(t *testing.T) {
	for name, misuse := range map[string]func(*Slab){
		"release": func(s *Slab) { s.Release() },
		"retain":  func(s *Slab) { s.Retain(1) },
	} {
		t.Run(name, func(t *testing.T) {
			s := NewPool(8, 1).Get()
			s.Release()
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			misuse(s)
		})
	}
}

func TestNoAllocation(t *testing.T) {
	p := NewPool(64, 4)
	p.Get().Release()
	if n := testing.AllocsPerRun(100, func() {
		s := p.Get()
		s.Retain(2)
		s.Release()
		s.Release()
		s.Release()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
