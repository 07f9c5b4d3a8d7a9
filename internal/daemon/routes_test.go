package daemon

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/flute-node/flute-node/flute"
)

// TestRoutesAreRemembered: an answer is remembered until units change, and only so many are.
func TestRoutesAreRemembered(t *testing.T) {
	group := netip.MustParseAddrPort("239.1.1.1:1")
	var r routes
	key := func(tsi int) flute.SessionKey { return flute.SessionKey{Group: group, TSI: flute.TSI(tsi)} }
	for range 2 {
		if got := r.of(key(1), true); got != "" {
			t.Errorf("before there is a unit: %q", got)
		}
	}
	r.set("a", []route{{group: group, sending: true}})
	r.set("b", []route{{group: group, sending: true}})
	if got := r.of(key(1), true); got != "a" {
		t.Errorf("the first of two units: %q", got)
	}
	r.set("a", nil)
	if got := r.of(key(1), true); got != "b" {
		t.Errorf("after it has changed: %q", got)
	}
	for i := range 3 * maxKnown {
		if r.of(key(i), true) != "b" || r.of(key(i), false) != "" {
			t.Fatal("another unit for session", i)
		}
	}
	if n := len(r.known); n > maxKnown {
		t.Errorf("%d answers are remembered", n)
	}
}

// BenchmarkRoutes is what the unit of an event takes to be found among those of 1,000 sections.
func BenchmarkRoutes(b *testing.B) {
	group := netip.MustParseAddrPort("239.1.1.1:1")
	var r routes
	for i := range 1000 {
		r.set(fmt.Sprint(i), []route{{group: group, tsis: []flute.TSI{flute.TSI(i)}, sending: true}})
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		r.of(flute.SessionKey{Group: group, TSI: flute.TSI(i % 1000)}, true)
	}
}
