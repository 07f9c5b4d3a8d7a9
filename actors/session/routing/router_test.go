package routing

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors/session/receiving"
	"github.com/flute-node/flute-node/actors/socket"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/internal/drop"
	"github.com/flute-node/flute-node/internal/slab"
)

// packet returns a data packet of object 1 in the given session.
func packet(t testing.TB, tsi flute.TSI) []byte {
	t.Helper()
	template, err := alc.NewTemplate(alc.Spec{TSI: tsi, TOI: flute.NewTOI(1)})
	if err != nil {
		t.Fatal(err)
	}
	return append(template.Append(nil, false), make([]byte, 4+1400)...)
}

// newRouter returns a Router whose sessions have no actor.
func newRouter(max int) *Router {
	return New(Config{
		Reception: &receiving.Reception{ID: 1}, MaxSessions: max, Counters: &Counters{},
		Open: func(*receiving.Inbox) {},
	})
}

// route shows a Router datagrams, and returns how many belong to a session.
func route(r *Router, datagrams ...slab.Datagram) (n int) {
	for i := range datagrams {
		if r.Route(time.Now(), &datagrams[i]) != nil {
			n++
		}
	}
	return n
}

func TestRouteFindsTheSession(t *testing.T) {
	r := newRouter(100)
	a, b := netip.MustParseAddrPort("192.0.2.1:5000"), netip.MustParseAddrPort("192.0.2.2:5000")
	flows := map[*socket.Flow]int{}
	for range 3 {
		for _, d := range []slab.Datagram{
			{Data: packet(t, 1), Source: a}, {Data: packet(t, 2), Source: a}, {Data: packet(t, 1), Source: b},
		} {
			flows[r.Route(time.Now(), &d)]++
		}
	}
	if len(flows) != 3 || flows[nil] != 0 || r.Owners() != 3 {
		t.Errorf("%d flows, %d sessions, want 3", len(flows), r.Owners())
	}
}

func TestConf_A18_A28_RouteCountsWhatBelongsToNobody(t *testing.T) {
	r := newRouter(1)
	r.cfg.Sources, r.cfg.TSIs = []netip.Addr{netip.MustParseAddr("192.0.2.1")}, []flute.TSI{7}
	good, bad := netip.MustParseAddrPort("192.0.2.1:5000"), netip.MustParseAddrPort("192.0.2.66:5000")
	first := netip.MustParseAddrPort("192.0.2.2:5000") // wanted, and no session yet
	r.cfg.Sources = append(r.cfg.Sources, first.Addr())
	n := route(r,
		slab.Datagram{Data: packet(t, 7), Source: good},
		slab.Datagram{Data: packet(t, 7), Source: bad},
		slab.Datagram{Data: packet(t, 8), Source: good},
		slab.Datagram{Data: packet(t, 7)[:3], Source: good},
		slab.Datagram{Data: nil, Source: good},
		slab.Datagram{Data: alc.AppendPadding(nil, 7, 100), Source: first},
		slab.Datagram{Data: alc.AppendCloseSession(nil, 7), Source: first},
		slab.Datagram{Data: alc.AppendPadding(nil, 7, 100), Source: bad},
	)
	r.Lose(1, socket.LossTooLong)
	r.Lose(2, socket.LossMemory)
	r.Lose(3, socket.LossClosed)
	r.Lose(4, socket.LossCrash)
	want := [drop.NumReasons]uint64{
		drop.ForeignTSI: 3, drop.NoSession: 2, drop.Truncated: 3, drop.Budget: 2, drop.Closed: 3, drop.Fault: 4,
	}
	if got := r.cfg.Counters.Dropped(); n != 1 || got != want {
		t.Errorf("%d routed, dropped %v, want %v", n, got, want)
	}
	if len(r.Warnings()) != 0 {
		t.Error("a warning without need")
	}
	r.cfg.Sources, r.cfg.TSIs = nil, nil
	// The session that is there gives way to the first of these. It is not over yet, so that the others have to wait.
	for tsi := range flute.TSI(3) {
		route(r, slab.Datagram{Data: packet(t, 9+tsi), Source: good})
	}
	if got := r.cfg.Counters.Dropped()[drop.Budget]; got != 2+2 || r.Owners() != 1 || r.yielded.Load() != 1 {
		t.Errorf("%d dropped beyond the most sessions, want 2; %d sessions", got-2, r.Owners())
	}
	if w := r.Warnings(); len(w) != 1 || !strings.Contains(w[0], "more than 1 sessions") || len(r.Warnings()) != 0 {
		t.Errorf("warnings: %v, then %v", w, r.Warnings())
	}
}

// TestCrowdingSourceWaits: a source that fills the table begins no more sessions for a while; others do.
func TestCrowdingSourceWaits(t *testing.T) {
	r := newRouter(8)
	crowd, other := netip.MustParseAddrPort("192.0.2.66:5000"), netip.MustParseAddrPort("192.0.2.1:5000")
	for tsi := range flute.TSI(20) {
		route(r, slab.Datagram{Data: packet(t, tsi), Source: crowd})
	}
	dropped := func() uint64 { return r.cfg.Counters.Dropped()[drop.Budget] }
	if n := r.yielded.Load(); n != 1 || dropped() != 11 {
		t.Errorf("%d sessions gave way, want 1; %d datagrams dropped, want 11", n, dropped())
	}
	r.yielding = nil // as if they were over
	route(r, slab.Datagram{Data: packet(t, 7), Source: other})
	if n := r.yielded.Load(); n != 2 || dropped() != 11 {
		t.Errorf("another source: %d sessions gave way, want 2", n)
	}
}

// TestFullTableIsSeldomSurveyed: a flood from many sources has all sessions looked at now and then, not for each
// datagram: sessions that gave way take time to end.
func TestFullTableIsSeldomSurveyed(t *testing.T) {
	r := newRouter(64)
	now := time.Now()
	d := slab.Datagram{Data: packet(t, 1)}
	surveys := map[time.Time]int{}
	for i := range 2000 {
		d.Source = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 5000)
		r.Route(now, &d)
		surveys[r.surveyed]++
		now = now.Add(10 * time.Microsecond)
	}
	if n := len(surveys); n > 20 {
		t.Errorf("%d surveys in 20 ms", n)
	}
	r.yielding = nil // as if they were over
	now = now.Add(surveyPause)
	if r.Route(now, &d) == nil {
		t.Error("no place after the pause")
	}
}

// TestGivenWayIsForgotten: what comes for a session that gave way does not reach it any more.
func TestGivenWayIsForgotten(t *testing.T) {
	r := newRouter(1)
	source := netip.MustParseAddrPort("192.0.2.1:5000")
	first := slab.Datagram{Data: packet(t, 1), Source: source}
	second := slab.Datagram{Data: packet(t, 2), Source: source}
	if n := route(r, first, first, second, second); n != 4 || r.yielded.Load() != 1 {
		t.Fatalf("%d routed, %d gave way", n, r.yielded.Load())
	}
	if n := route(r, first); n != 0 {
		t.Error("a datagram was routed to a session that gave way")
	}
}

// RFC 5651, section 6.2: "To be able to be a receiver in a session, the receiver MUST be able to process the LCT
// header." Packets of another version make no session.
func TestConf_L43_AnotherVersionMakesNoSession(t *testing.T) {
	r, from := newRouter(1), netip.MustParseAddrPort("192.0.2.1:5000")
	for version := range byte(16) {
		b := packet(t, 7)
		if b[0] = version<<4 | b[0]&0xf; version == 1 {
			continue
		}
		if n := route(r, slab.Datagram{Data: b, Source: from}); n != 0 || r.Owners() != 0 {
			t.Errorf("version %d: %d routed, %d sessions", version, n, r.Owners())
		}
	}
	if n := route(r, slab.Datagram{Data: packet(t, 7), Source: from}); n != 1 || r.Owners() != 1 {
		t.Errorf("version 1: %d routed, %d sessions", n, r.Owners())
	}
}
