package udp

import (
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
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
	synctest.Test(t, func(t *testing.T) { // no time passes while the system is asked
		for i, c := range []struct {
			after time.Duration
			old   bool
		}{{0, false}, {0, true}, {knownFor / 2, true}, {knownFor / 2, false}, {0, true}} {
			time.Sleep(c.after)
			w, isOld, err := k.find("lo", to.Addr())
			if err != nil || isOld != c.old || w.ifi.Index != lo.Index || !w.source.IsLoopback() {
				t.Fatalf("answer %d: %+v, old %v, %v", i, w, isOld, err)
			}
		}
		if w, isOld, err := k.find("", to.Addr()); isOld || w.ifi != nil || err != nil {
			t.Errorf("without an interface: %+v, old %v, %v", w, isOld, err)
		}
		if _, _, err := k.find("nosuch0", to.Addr()); err == nil {
			t.Error("an interface that is not there")
		}
	})
	for i := range 2 * maxKnown {
		k.keep(question{name: string(rune('a' + i))}, way{})
	}
	if len(k.ways) > maxKnown {
		t.Errorf("%d answers are remembered", len(k.ways))
	}

	q := question{name: "lo", is4: true}
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
