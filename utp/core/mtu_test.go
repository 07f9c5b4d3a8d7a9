package core

import (
	"testing"
	"time"
)

// search lets a path that takes size bytes answer all probes, and returns how many there were.
func search(m *pathMTU, size int, now instant) (probes int) {
	for {
		n := m.probe(now)
		if n == 0 {
			return probes
		}
		probes++
		m.sent(n)
		p := &packet{size: n - headerLen, sends: 1, probe: true, whole: true, sent: now}
		if n <= size {
			m.arrived(p)
		} else if !m.lost(p) {
			panic("a lost probe counts as congestion")
		}
	}
}

func TestSearch(t *testing.T) {
	for _, tt := range []struct{ min, max, size, probes int }{
		{1200, 1452, 1452, 1},
		{1200, 1452, 1500, 1},
		{1200, 1452, 1200, 8},
		{1200, 1452, 1330, 8},
		{1200, 1200, 1200, 0},
		{528, 1452, 1452, 1},
		{528, 1452, 576, 9},
		{528, 1452, 528, 9},
		{1200, 65000, 65000, 1},
		{1200, 9000, 8972, 12},
		{1200, 1210, 1205, 2},
	} {
		m := newPathMTU(&Config{MinPacket: tt.min, MaxPacket: tt.max, Reprobe: time.Minute})
		n := search(&m, tt.size, 1)
		if got := m.size(); got > max(tt.size, tt.min) || got < min(tt.size, tt.max)-searchGap || n > tt.probes {
			t.Errorf("%d to %d, path %d: packets of %d bytes after %d probes", tt.min, tt.max, tt.size, got, n)
		}
		if n := m.probe(1 + time.Minute - 1); n != 0 {
			t.Errorf("%d to %d, path %d: a probe of %d before a minute has passed", tt.min, tt.max, tt.size, n)
		}
		if search(&m, 1<<20, 2*time.Minute); m.size() != tt.max {
			t.Errorf("%d to %d, path %d: packets of %d bytes on a better path", tt.min, tt.max, tt.size, m.size())
		}
	}
}

// TestOneProbe is in flight at a time.
func TestOneProbe(t *testing.T) {
	m := newPathMTU(&Config{MinPacket: 1200, MaxPacket: 1452, Reprobe: time.Minute})
	m.sent(m.probe(0))
	if n := m.probe(0); n != 0 {
		t.Errorf("another one of %d bytes", n)
	}
}

// TestProbeSentAgain: a probe that was sent again, as a probe of the tail, tells nothing of the path, and the search
// goes on.
func TestProbeSentAgain(t *testing.T) {
	m := newPathMTU(&Config{MinPacket: 1200, MaxPacket: 1452, Reprobe: time.Minute})
	n := m.probe(0)
	m.sent(n)
	m.arrived(&packet{size: n - headerLen, sends: 2, probe: true})
	if m.size() != 1200 || m.probe(0) == 0 {
		t.Errorf("packets of %d bytes, next probe %d", m.size(), m.probe(0))
	}
}

// TestBlackHoleEvidence: only long packets that are lost in a row while others arrive are.
func TestBlackHoleEvidence(t *testing.T) {
	long := func(sent instant) *packet { return &packet{size: 1432, sends: 1, whole: true, sent: sent} }
	short := func(sent instant) *packet { return &packet{size: 500, sends: 1, whole: true, sent: sent} }
	for _, tt := range []struct {
		name string
		do   func(*pathMTU)
		want bool
	}{
		{"the path is down", func(m *pathMTU) {
			for i := range 20 {
				m.lost(long(instant(i)))
			}
		}, false},
		{"short ones arrive", func(m *pathMTU) {
			for i := range blackHoleLosses {
				m.lost(long(instant(i)))
			}
			m.arrived(short(50))
		}, true},
		{"short ones that were sent before arrive", func(m *pathMTU) {
			for i := range blackHoleLosses {
				m.lost(long(instant(10 + i)))
			}
			m.arrived(short(5))
		}, false},
		{"a long one arrives between", func(m *pathMTU) {
			for i := range blackHoleLosses - 1 {
				m.lost(long(instant(i)))
			}
			m.arrived(long(50))
			m.lost(long(51))
			m.arrived(short(52))
		}, false},
		{"short ones are lost", func(m *pathMTU) {
			for i := range 20 {
				m.lost(short(instant(i)))
			}
			m.arrived(short(50))
		}, false},
		{"long ones that may be fragmented are lost", func(m *pathMTU) {
			for i := range 20 {
				p := long(instant(i))
				p.whole = false
				m.lost(p)
			}
			m.arrived(short(50))
		}, false},
	} {
		m := newPathMTU(&Config{MinPacket: 1200, MaxPacket: 1452, Reprobe: time.Minute})
		search(&m, 1452, 0)
		tt.do(&m)
		if m.blackHole != tt.want || (m.size() == 1200) != tt.want {
			t.Errorf("%s: %v, packets of %d bytes", tt.name, m.blackHole, m.size())
		}
	}
}
