package routing

import (
	"net/netip"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/drop"
	"github.com/flute-node/flute-node/internal/slab"
)

// TestSourceStartsAtAPace: a flood of TSIs begins some sessions at once and others at a pace; what is refused is
// counted. Another source is not concerned, nor are sessions that are there.
func TestSourceStartsAtAPace(t *testing.T) {
	const free, flood = DefaultMaxSessions / startShare, 5000
	r := newRouter(0)
	now := time.Now()
	crowd, other := netip.MustParseAddrPort("192.0.2.66:5000"), netip.MustParseAddrPort("192.0.2.1:5000")
	routed := func(source netip.AddrPort, from, to flute.TSI) (n int) {
		for tsi := from; tsi < to; tsi++ {
			if r.Route(now, &slab.Datagram{Data: packet(t, tsi), Source: source}) != nil {
				n++
			}
		}
		return n
	}
	if n := routed(crowd, 0, flood); n != free {
		t.Fatalf("%d sessions were begun at once, want %d", n, free)
	}
	if n := r.cfg.Counters.Dropped()[drop.Budget]; n != flood-free {
		t.Errorf("%d datagrams are counted as dropped, want %d", n, flood-free)
	}
	if n := routed(crowd, 0, free); n != free {
		t.Errorf("%d of the %d sessions that are there have got a datagram", n, free)
	}
	if n := routed(other, 0, free+1); n != free {
		t.Errorf("another source has begun %d sessions, want %d", n, free)
	}
	for i := range flute.TSI(10) {
		now = now.Add(startPause)
		if n := routed(crowd, (i+2)*flood, (i+2)*flood+10); n != 1 {
			t.Fatalf("%d sessions were begun after the pause, want 1", n)
		}
	}
}

// TestSessionsThatEndMakeRoom: sessions that are unproven no more hold up no others.
func TestSessionsThatEndMakeRoom(t *testing.T) {
	const free = DefaultMaxSessions / startShare
	r := newRouter(0)
	now := time.Now()
	source := netip.MustParseAddrPort("192.0.2.66:5000")
	next := flute.TSI(0)
	start := func() (n int) {
		for range 2 * free {
			if r.Route(now, &slab.Datagram{Data: packet(t, next), Source: source}) != nil {
				n++
			}
			next++
		}
		return n
	}
	if n := start(); n != free {
		t.Fatalf("%d sessions were begun at once, want %d", n, free)
	}
	for _, p := range r.places {
		p.inbox.Yield(false)
	}
	now = now.Add(reviewPause)
	if n := start(); n != free {
		t.Errorf("%d sessions were begun when those before were over, want %d", n, free)
	}
	if n := len(r.starts.places); n != free {
		t.Errorf("%d places are kept, want %d", n, free)
	}
}
