package slab

import (
	"runtime"
	"sync"
	"testing"
)

func TestPoolIsBounded(t *testing.T) {
	p := NewPool(8, 2)
	a, b := p.Get(), p.Get()
	if a == nil || b == nil || p.Get() != nil || p.Outstanding() != 2 {
		t.Fatal("a Pool of two gives two slabs")
	}
	if len(a.Bytes()) != 8 {
		t.Fatalf("%d bytes, want 8", len(a.Bytes()))
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

func TestLastReleasedGoesOutFirst(t *testing.T) {
	p := NewPool(8, 3)
	a, b := p.Get(), p.Get()
	a.Release()
	b.Release()
	if p.Get() != b || p.Get() != a {
		t.Error("the slab that was in use last is not the first one out")
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

// References are dropped on other goroutines than the one that got the slab; there are never more slabs than allowed,
// and each is held by one goroutine until its last reference is gone.
func TestConcurrentUse(t *testing.T) {
	const max, goroutines, rounds = 3, 8, 2000
	p := NewPool(8, max)
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for range rounds {
				s := p.Get()
				if s == nil {
					runtime.Gosched()
					continue
				}
				s.Bytes()[0] = byte(g)
				s.Retain(2)
				var users sync.WaitGroup
				for range 2 {
					users.Go(func() {
						if got := s.Bytes()[0]; got != byte(g) {
							t.Errorf("slab of goroutine %d was written to by %d", g, got)
						}
						s.Release()
					})
				}
				users.Wait()
				s.Release()
			}
		})
	}
	wg.Wait()
	if n := p.Outstanding(); n != 0 {
		t.Errorf("%d slabs are out", n)
	}
	if n := len(p.shelf.free); n > max {
		t.Errorf("%d slabs were made, %d allowed", n, max)
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

func BenchmarkGetRelease(b *testing.B) {
	p := NewPool(64, 4)
	b.ReportAllocs()
	for b.Loop() {
		p.Get().Release()
	}
}

func TestLeft(t *testing.T) {
	p := NewPool(1, 2)
	s := p.Get()
	if n := p.Left(); n != 1 {
		t.Errorf("%d left, want 1", n)
	}
	s.Release()
	if n := p.Left(); n != 2 {
		t.Errorf("%d bytes left, want 2", n)
	}
}
