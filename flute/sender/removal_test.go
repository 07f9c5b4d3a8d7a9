package sender

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

// TestRemove removes a file in each state of its life, at once and after its transfer; then there is room for another
// one with its Content-Location, and nothing is left of it once its description has expired.
func TestRemove(t *testing.T) {
	for name, tt := range map[string]struct {
		packets int // before the removal
		cfg     Config
		live    bool
	}{
		"before its description": {0, Config{}, true},
		"in transfer":            {3, Config{}, true},
		"between two turns":      {11, Config{TransferCount: 2, Delay: 1 << 40}, true},
		"sent":                   {11, Config{}, false},
	} {
		for _, when := range []When{AtOnce, AfterTransfer} {
			cfg := tt.cfg
			cfg.OTI.SymbolLength, cfg.FDTOTI.SymbolLength = 8, 1400
			s, _ := oneFile(t, cfg, 80)
			toi, now := flute.NewTOI(1), start
			for n := 0; n < tt.packets; now = latest(now, s.Deadline()) {
				_, ok, err := s.AppendNext(nil, now)
				if err != nil {
					t.Fatal(err)
				}
				if ok {
					n++
				}
			}
			if live := s.Remove(toi, when); live != tt.live {
				t.Errorf("%s: packets were to come: %v", name, live)
			}
			// The same again changes nothing.
			s.Remove(toi, when)
			for s.names.objects[toi] != nil && s.names.objects[toi].live() {
				if _, _, err := s.AppendNext(nil, now); err != nil {
					t.Fatal(err)
				}
			}
			if s.plan.live != (tally{}) || s.plan.finished != (tally{}) {
				t.Errorf("%s: live %v, finished %v", name, s.plan.live, s.plan.finished)
			}
			o, err := Prepare(context.Background(), File{
				ContentLocation: s.plan.pages[0].objects[0].location, Content: bytes.NewReader(pattern(8)), Size: 8,
			}, nil)
			if err != nil {
				t.Fatal(err)
			}
			next, err := s.Add(o)
			if err != nil || next == toi {
				t.Fatalf("%s: TOI %v, %v", name, next, err)
			}
			for !s.Done() {
				if _, _, err := s.AppendNext(nil, now); err != nil {
					t.Fatal(err)
				}
				now = latest(now, s.Deadline())
			}
			if s.names.objects[toi] != nil || len(s.names.locations) != 1 || s.plan.finished.objects != 1 {
				t.Errorf("%s: %d objects, %d locations, finished %v",
					name, len(s.names.objects), len(s.names.locations), s.plan.finished)
			}
		}
	}
}

// TestRemovedIsNotTriggered: an object that ends after its transfer has no turn more.
func TestRemovedIsNotTriggered(t *testing.T) {
	r := newRun(t, Config{TransferCount: -1, OTI: fec.OTI{SymbolLength: 8}, FDTOTI: fec.OTI{SymbolLength: 1400}})
	toi := r.add("a", 100)
	r.until(start.Add(5 * time.Millisecond))
	if !r.s.Trigger(toi, time.Time{}) || !r.s.Remove(toi, AfterTransfer) {
		t.Fatal("it is not in transfer")
	}
	if r.s.Trigger(toi, time.Time{}) {
		t.Error("it is triggered after its removal")
	}
	r.until(start.Add(time.Second))
	if n := r.s.Stats().Transfers; n != 1 {
		t.Errorf("%d transfers", n)
	}
}
