package socket

import (
	"net/netip"
	"testing"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/session/receiving"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
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

// newReader returns a reader whose Inboxes have no actor: what it offers is collected by drain.
func newReader() (*reader, func()) {
	var boxes []*receiving.Inbox
	r := &reader{
		slabs: slab.NewPool(64*2048, 4), reception: &receiving.Reception{ID: 1}, limits: actors.Limits{Bytes: 1 << 20}, max: 100,
		open: func(in *receiving.Inbox) { boxes = append(boxes, in) }, counters: &Counters{},
		table: map[flute.SessionKey]*route{}, crowding: map[netip.Addr]struct{}{},
	}
	return r, func() {
		for _, b := range boxes {
			b.Discard()
		}
	}
}

// TestRouteDoesNotAllocate: 64 datagrams of four sessions, parsed far enough to route, and posted as four batches.
func TestRouteDoesNotAllocate(t *testing.T) {
	r, drain := newReader()
	source := netip.MustParseAddrPort("192.0.2.1:5000")
	datagrams := make([]slab.Datagram, batchSize)
	for i := range datagrams {
		datagrams[i] = slab.Datagram{Data: packet(t, flute.TSI(1+i%4)), Source: source}
	}
	turn := func() {
		s := r.slabs.Get()
		r.route(s, datagrams)
		s.Release()
		drain()
	}
	turn()
	turn()
	if n := testing.AllocsPerRun(100, turn); n != 0 {
		t.Errorf("%v allocations for a batch of %d datagrams", n, batchSize)
	}
	if n := r.slabs.Outstanding(); n != 0 {
		t.Errorf("%d slabs are out", n)
	}
	if len(r.table) != 4 {
		t.Errorf("%d sessions, want 4", len(r.table))
	}
}

func TestRouteCountsWhatBelongsToNobody(t *testing.T) {
	r, drain := newReader()
	defer drain()
	r.filter = Filter{Sources: []netip.Addr{netip.MustParseAddr("192.0.2.1")}, TSIs: []flute.TSI{7}}
	r.max = 1
	good, bad := netip.MustParseAddrPort("192.0.2.1:5000"), netip.MustParseAddrPort("192.0.2.66:5000")
	s := r.slabs.Get()
	r.route(s, []slab.Datagram{
		{Data: packet(t, 7), Source: good},
		{Data: packet(t, 7), Source: bad},
		{Data: packet(t, 8), Source: good},
		{Data: packet(t, 7)[:3], Source: good},
		{Data: nil, Source: good},
		{Data: packet(t, 7), Source: good, Truncated: true},
	})
	s.Release()
	want := [flute.NumDropReasons]uint64{flute.DropForeignTSI: 2, flute.DropTruncated: 3}
	if got := r.counters.Dropped(); got != want {
		t.Errorf("dropped %v, want %v", got, want)
	}
	r.filter = Filter{}
	s = r.slabs.Get()
	// The session that is there gives way to the first of these. It is not over yet, so that the others have to wait.
	for tsi := range flute.TSI(3) {
		r.route(s, []slab.Datagram{{Data: packet(t, 9+tsi), Source: good}})
	}
	s.Release()
	if got := r.counters.Dropped()[flute.DropBudget]; got != 2 || len(r.table) != 1 || r.counters.yielded.Load() != 1 {
		t.Errorf("%d dropped beyond the most sessions, want 2; %d sessions", got, len(r.table))
	}
}

// TestCrowdingSourceWaits: a source that fills the table begins no more sessions for a while; others do.
func TestCrowdingSourceWaits(t *testing.T) {
	r, drain := newReader()
	defer drain()
	r.max = 8
	crowd, other := netip.MustParseAddrPort("192.0.2.66:5000"), netip.MustParseAddrPort("192.0.2.1:5000")
	s := r.slabs.Get()
	defer s.Release()
	for tsi := range flute.TSI(20) {
		r.route(s, []slab.Datagram{{Data: packet(t, tsi), Source: crowd}})
	}
	if n := r.counters.yielded.Load(); n != 1 || r.counters.Dropped()[flute.DropBudget] != 11 {
		t.Errorf("%d sessions gave way, want 1; %d datagrams dropped, want 11", n, r.counters.Dropped()[flute.DropBudget])
	}
	r.yielding = nil // as if they were over
	r.route(s, []slab.Datagram{{Data: packet(t, 7), Source: other}})
	if n := r.counters.yielded.Load(); n != 2 || r.counters.Dropped()[flute.DropBudget] != 11 {
		t.Errorf("another source: %d sessions gave way, want 2", n)
	}
}

func BenchmarkRoute(b *testing.B) {
	r, drain := newReader()
	source := netip.MustParseAddrPort("192.0.2.1:5000")
	datagrams := make([]slab.Datagram, batchSize)
	for i := range datagrams {
		datagrams[i] = slab.Datagram{Data: packet(b, 1), Source: source}
	}
	b.ReportAllocs()
	for b.Loop() {
		s := r.slabs.Get()
		r.route(s, datagrams)
		s.Release()
		drain()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/batchSize, "ns/datagram")
}
