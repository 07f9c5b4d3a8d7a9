package sender

import (
	"fmt"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute/event"
)

// TestFileTarget: the packets of a transfer, repair symbols included, are spread evenly over its time, also for a
// caller who asks in steps of a millisecond, and of an empty file. What is late is told.
func TestFileTarget(t *testing.T) {
	for _, test := range []struct {
		size  uint64
		step  time.Duration
		pause time.Duration // in the middle
		late  bool
	}{
		{size: 0, step: time.Millisecond},
		{size: 1, step: time.Millisecond},
		{size: 1_000_000, step: time.Millisecond},
		{size: 20_000_000, step: time.Millisecond},
		{size: 1_000_000, step: time.Millisecond, pause: 2 * time.Second},
		{size: 1_000_000, step: time.Millisecond, pause: 8 * time.Second, late: true},
	} {
		t.Run(fmt.Sprintf("%d bytes, %v", test.size, test.pause), func(t *testing.T) {
			oti := fec.OTI{
				EncodingID: fec.ReedSolomonGF28, SymbolLength: 1000, MaxSourceBlockLength: 20, MaxEncodingSymbols: 25,
			}
			cfg := Config{OTI: oti, FDTInterval: time.Hour, FDTDuration: 3 * time.Hour}
			cfg.Registry = blank(schemes.Default())
			s, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			o, err := File{ContentLocation: "file:///a", Size: test.size, Within: 10 * time.Second}.StandIn(test.size)
			if err != nil {
				t.Fatal(err)
			}
			load, within, err := s.Target(o, start)
			if err != nil || within != 10*time.Second {
				t.Fatal(within, err)
			}
			if _, err := s.Add(o); err != nil {
				t.Fatal(err)
			}
			var last time.Time
			most, sent := 0, uint64(0)
			end, limit := start.Add(5*time.Second), start.Add(20*time.Second)
			for now := start; s.stats.counts.Completed == 0 && now.Before(limit); now = now.Add(test.step) {
				n := 0
				for {
					before := s.stats.counts.FDTPackets
					_, ok, err := s.AppendNext(nil, now)
					if err != nil {
						t.Fatal(err)
					}
					if !ok {
						break
					}
					if s.stats.counts.FDTPackets == before {
						n++
						last = now
					}
				}
				sent += uint64(n)
				most = max(most, n)
				if now.After(end) {
					now, end = now.Add(test.pause), now.Add(time.Hour)
				}
			}
			if sent != load.Packets {
				t.Errorf("%d packets of %d", sent, load.Packets)
			}
			took := last.Sub(start)
			if test.late {
				var by time.Duration
				for _, e := range s.Events() {
					if e, ok := e.(event.Late); ok {
						by = e.By
					}
				}
				if by <= 0 || by != took-10*time.Second {
					t.Errorf("took %v, late by %v", took, by)
				}
				return
			}
			for _, e := range s.Events() {
				if e, ok := e.(event.Late); ok {
					t.Errorf("late by %v", e.By)
				}
			}
			even := 10 * time.Second / time.Duration(load.Packets)
			if took > 10*time.Second || took < 10*time.Second-2*even-2*test.step {
				t.Errorf("took %v, of %d packets", took, load.Packets)
			}
			// After the pause of a fifth of the time the rest is at most two thirds faster, but for the slack.
			steady := float64(load.Packets) / 10000 * float64(test.step/time.Millisecond)
			if allowed := int(steady*5/3+float64(targetSlack/test.step)*steady) + 2; most > allowed {
				t.Errorf("%d packets at once, want at most %d", most, allowed)
			}
		})
	}
}
