package udp

import (
	"net"
	"net/netip"
	"testing"
	"time"
)

// TestKnown: an answer holds for a moment, for the same question; one that is wrong by now does no harm to Dial.
func TestKnown(t *testing.T) {
	to := netip.MustParseAddrPort("239.255.77.31:3400")
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		t.Skip(err)
	}
	var k Known
	for i, want := range []bool{false, true, true} {
		w, isOld, err := k.find("lo", to.Addr())
		if err != nil || isOld != want || w.ifi.Index != lo.Index || !w.source.IsLoopback() {
			t.Fatalf("answer %d: %+v, old %v, %v", i, w, isOld, err)
		}
	}
	if w, isOld, err := k.find("", to.Addr()); isOld || w.ifi != nil || err != nil {
		t.Errorf("without an interface: %+v, old %v, %v", w, isOld, err)
	}
	if _, _, err := k.find("nosuch0", to.Addr()); err == nil {
		t.Error("an interface that is not there")
	}
	q := question{name: "lo", is4: true}
	for age, want := range map[time.Duration]bool{knownFor / 2: true, knownFor: false} {
		w := k.ways[q]
		w.at = time.Now().Add(-age)
		k.ways[q] = w
		if _, isOld, _ := k.find("lo", to.Addr()); isOld != want {
			t.Errorf("after %v: old %v", age, isOld)
		}
	}
	for i := range 2 * maxKnown {
		k.keep(question{name: string(rune('a' + i))}, way{})
	}
	if len(k.ways) > maxKnown {
		t.Errorf("%d answers are remembered", len(k.ways))
	}

	k.keep(q, way{
		ifi: &net.Interface{Name: "lo", Index: 1 << 20}, source: netip.MustParseAddr("192.0.2.1"), at: time.Now(),
	})
	s, err := Dial(SendConfig{To: to, Interface: "lo", Known: &k})
	if err != nil {
		t.Fatalf("over an interface that was replaced: %v", err)
	}
	defer s.Close()
	if !s.LocalAddr().Addr().IsLoopback() || k.ways[q].ifi.Index != lo.Index {
		t.Errorf("sent from %v; %+v is remembered", s.LocalAddr(), k.ways[q])
	}
	var none *Known
	if w, isOld, err := none.find("lo", to.Addr()); isOld || err != nil || w.ifi.Index != lo.Index {
		t.Errorf("a nil Known: %+v, old %v, %v", w, isOld, err)
	}
}
