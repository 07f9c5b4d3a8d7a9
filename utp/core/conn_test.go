package core

import (
	"bytes"
	"fmt"
	"testing"
	"time"
)

func TestPerfectLink(t *testing.T) {
	s := newSim(t, 1)
	a, b := s.pair(Config{}, &path{delay: 25 * time.Millisecond}, &path{delay: 25 * time.Millisecond})
	there, back := pattern(1<<20, 1), pattern(300_000, 2)
	a.toWrite, a.closing = there, true
	b.toWrite, b.closing = back, true
	if !s.run(time.Minute, s.done) {
		t.Fatalf("not done: a %+v, b %+v", a.conn.Stats(), b.conn.Stats())
	}
	if !bytes.Equal(b.got, there) || !bytes.Equal(a.got, back) {
		t.Errorf("%d of %d bytes there, %d of %d back, or others", len(b.got), len(there), len(a.got), len(back))
	}
	if a.err != nil || b.err != nil {
		t.Errorf("errors %v, %v", a.err, b.err)
	}
	want := Connected | Readable | HalfClosed | Closed
	if a.events&want != want || b.events&want != want {
		t.Errorf("events %b, %b", a.events, b.events)
	}
	if n := a.conn.Stats(); n.Resent > 0 || n.Lost > 0 {
		t.Errorf("resent: %+v", n)
	}
}

// TestLossyLinks: whatever the network does, every byte arrives once and in order, or it would not end.
func TestLossyLinks(t *testing.T) {
	for _, loss := range []float64{0, 0.01, 0.05, 0.10, 0.20} {
		for seed := range uint64(4) {
			for _, control := range []Congestion{LEDBAT, LEDBATPlusPlus, Cubic} {
				t.Run(fmt.Sprintf("%v%%/%d/%d", 100*loss, control, seed), func(t *testing.T) {
					s := newSim(t, seed)
					link := path{
						delay: 10 * ms, rate: 50e6, queue: 50 * ms,
						loss: loss, duplicate: 0.02, reorder: 0.05, late: 7 * ms,
					}
					there, back := link, link
					a, b := s.pair(Config{Congestion: control, ConnectTries: 12, MaxTimeouts: 20}, &there, &back)
					x, y := pattern(400_000, seed), pattern(200_000, seed+1)
					a.toWrite, a.closing = x, true
					b.toWrite, b.closing = y, true
					if !s.run(5*time.Minute, s.done) {
						t.Fatalf("not done after %v: a %d of %d, b %d of %d\n%+v",
							s.elapsed(), len(a.got), len(y), len(b.got), len(x), a.conn.Stats())
					}
					if !bytes.Equal(b.got, x) || !bytes.Equal(a.got, y) || a.err != nil || b.err != nil {
						t.Errorf("a got %d of %d (%v), b got %d of %d (%v)",
							len(a.got), len(y), a.err, len(b.got), len(x), b.err)
					}
				})
			}
		}
	}
}
