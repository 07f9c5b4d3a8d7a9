package assembly

import "testing"

// Arenas are used again, and those that are kept are bounded in number and in bytes.
func TestArenas(t *testing.T) {
	var s Arenas
	one := s.take(1000, 10)
	s.put(one)
	if again := s.take(900, 90); again != one || len(again.bytes) != 900 || cap(again.source) < 90 {
		t.Errorf("an arena of %d bytes with room for %d symbols", len(again.bytes), cap(again.source))
	}
	s.put(one)
	if small := s.take(10, 1); small == one {
		t.Error("a large arena for a small block")
	}
	s.put(s.take(arenasKeptSize+1, 1))
	if s.size != cap(one.bytes) {
		t.Errorf("%d bytes are kept, of which no more than %d may be", s.size, cap(one.bytes))
	}
	for _, size := range []int{1 << 20, arenasKeptSize / 4} {
		var lent []*arena
		for range 2 * arenasKept {
			lent = append(lent, s.take(size, 1))
		}
		for _, a := range lent {
			s.put(a)
		}
		if len(s.idle) > arenasKept || s.size > arenasKeptSize {
			t.Errorf("%d arenas of %d bytes are kept", len(s.idle), s.size)
		}
	}
}
