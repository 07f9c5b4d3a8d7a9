package reuse

import "testing"

func TestList(t *testing.T) {
	var l List[int]
	if l.Get() != nil {
		t.Error("a value from nowhere")
	}
	a, b, c := new(int), new(int), new(int)
	for _, v := range []*int{a, b, c} {
		l.Put(v, 2)
	}
	if x, y, z := l.Get(), l.Get(), l.Get(); x != b || y != a || z != nil {
		t.Errorf("%p %p %p, want %p %p and nil", x, y, z, b, a)
	}
	l.Put(a, 2)
	l.Put(b, 2)
	if l.Trim(3); l.Get() != b {
		t.Error("it has dropped one that may stay")
	}
	l.Put(b, 2)
	if l.Trim(1); l.Get() != a || l.Get() != nil {
		t.Error("more are left than one")
	}
	l.Put(a, 2)
	if n := testing.AllocsPerRun(100, func() { l.Put(b, 2); l.Get() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
