package routing

import (
	"encoding/hex"
	"net/netip"
	"testing"

	"github.com/flute-node/flute-node/actors/session/receiving"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/internal/drop"
	"github.com/flute-node/flute-node/internal/slab"
)

// An extended FDT Instance of ROUTE, which has no EXT_FDT, may be the first packet of its session (RFC 9223, section
// 2.1); a repair packet may not.
func TestFirstPacketOfROUTE(t *testing.T) {
	b, err := hex.DecodeString("12a10401" + "00000000" + "00000007" + "00000000" + "00000000" + "3c613e")
	if err != nil {
		t.Fatal(err)
	}
	d := slab.Datagram{Data: b, Source: netip.MustParseAddrPort("192.0.2.1:5000")}
	for _, isROUTE := range []bool{false, true} {
		r := newRouter(1)
		r.cfg.Reception = &receiving.Reception{ID: 1, Config: &receiver.Config{ROUTE: isROUTE}}
		if n := route(r, d); (n == 1) != isROUTE {
			t.Errorf("ROUTE %v: %d datagrams have a session", isROUTE, n)
		}
		if n := r.cfg.Counters.Dropped()[drop.NoInstanceID]; (n == 1) == isROUTE {
			t.Errorf("ROUTE %v: %d datagrams were dropped", isROUTE, n)
		}
		repair := d
		repair.Data = append([]byte{0x10}, b[1:]...)
		repair.Source = netip.MustParseAddrPort("192.0.2.2:5000")
		if n := route(r, repair); n != 0 {
			t.Errorf("ROUTE %v: a repair packet began a session", isROUTE)
		}
	}
}
