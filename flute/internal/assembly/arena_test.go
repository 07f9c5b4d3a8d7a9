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

// TestArenasFit: the smallest that has room is taken, up to four times as large; the latest ones are kept, up to the
// bounds.
func TestArenasFit(t *testing.T) {
	var s Arenas
	big, small, large := s.take(4000, 1), s.take(1000, 1), s.take(2000, 1)
	for _, a := range []*arena{big, small, large} {
		s.put(a)
	}
	for _, c := range []struct {
		size int
		want *arena
	}{{1000, small}, {1001, large}, {2001, big}, {4001, nil}, {250, small}, {249, nil}} {
		got := s.take(c.size, 1)
		if c.want != nil && got != c.want || c.want == nil && (got == big || got == small || got == large) {
			t.Errorf("%d bytes: an arena of %d", c.size, cap(got.bytes))
		}
		if c.want != nil {
			s.put(got)
		}
	}
	a, b := &arena{bytes: make([]byte, 9000), lent: true, source: make([][]byte, 1)}, &arena{bytes: make([]byte, 9000)}
	a.source[0] = a.bytes
	s.put(a)
	s.put(b)
	if a.lent || a.source[0] != nil || a.part != nil {
		t.Error("an arena that was put back keeps what it was used for")
	}
	if s.take(9000, 1) != a || s.take(9000, 1) != b {
		t.Error("of two arenas of one size the one that was idle for longer is not first")
	}
	var order Arenas
	for i := range arenasKept + 1 {
		order.put(&arena{bytes: make([]byte, 100+i)})
	}
	if first := len(order.idle[0].bytes); first != 101 {
		t.Errorf("an arena of %d bytes is the oldest that is kept, want the second of all", first)
	}
	for _, c := range []struct{ size, count, kept int }{
		{1000, arenasKept, arenasKept},
		{1000, arenasKept + 1, arenasKept},
		{arenasKeptSize, 1, 1},
		{arenasKeptSize, 2, 1},
		{arenasKeptSize + 1, 1, 0},
		{arenasKeptSize / 2, 2, 2},
	} {
		var s Arenas
		for range c.count {
			s.put(&arena{bytes: make([]byte, c.size)})
		}
		if len(s.idle) != c.kept || s.size != c.kept*c.size {
			t.Errorf("%d arenas of %d bytes: %d are kept, %d bytes", c.count, c.size, len(s.idle), s.size)
		}
	}
}
