package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/sender"
)

// TestPlan: a session sends exactly the packets that were planned, in the time that was planned.
func TestPlan(t *testing.T) {
	for name, test := range map[string]struct {
		cfg   SendConfig
		files int
		size  int
	}{
		"one file":       {SendConfig{Rate: 1_000_000}, 1, 1_000_000},
		"an empty file":  {SendConfig{Rate: 1_000_000}, 1, 0},
		"without a rate": {SendConfig{}, 1, 100_000},
		"raptorq": {
			SendConfig{Rate: 2_000_000, Session: sender.Config{OTI: fec.OTI{EncodingID: fec.RaptorQ}}}, 1, 1_000_000,
		},
		"grouped": {
			SendConfig{Rate: 2_000_000, Session: sender.Config{
				OTI: fec.OTI{EncodingID: fec.ReedSolomonGF2m, SymbolLength: 200, GroupSize: 5, FieldBits: 8},
			}}, 1, 500_000,
		},
		"many, together": {SendConfig{Rate: 1_000_000}, 50, 20_000},
		"repeated": {
			SendConfig{Rate: 1_000_000, Session: sender.Config{TransferCount: 3, Delay: time.Second}}, 2, 100_000,
		},
		"within":           {SendConfig{Within: 20 * time.Second}, 1, 300_000},
		"headers, too":     {SendConfig{Rate: 1_000_000, Counting: CountEthernet}, 1, 500_000},
		"slow, large FDT":  {SendConfig{Rate: 100_000}, 200, 100},
		"parallel and few": {SendConfig{Rate: 3_000_000, Session: sender.Config{Parallel: 2, Interleave: 4}}, 5, 100_000},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, Config{}, func(w *world) {
				test.cfg.TSI, test.cfg.To = 1, simGroup
				var files []sender.File
				for i := range test.files {
					f := sender.File{
						ContentLocation: fmt.Sprintf("file:///1/%d", i), Size: uint64(test.size), Content: bytes.NewReader(nil),
						StartAt: time.Now().Add(time.Second), // when all are added, and Finish was called
					}
					files = append(files, f)
				}
				plan, err := PlanSend(w.ctx, test.cfg, nil, files)
				if err != nil {
					t.Fatal(err)
				}
				s, m := w.metered(test.cfg)
				for i, f := range files {
					f.Content = bytes.NewReader(randomBytes(uint64(i), test.size))
					if _, err := s.Add(w.ctx, f, nil); err != nil {
						t.Fatal(err)
					}
				}
				s.Finish(w.ctx)
				if err := s.Wait(w.ctx); err != nil {
					t.Fatal(err)
				}
				sent := 0
				for _, n := range m.seconds {
					sent += n
				}
				if uint64(m.packets) != plan.Packets || uint64(sent) != plan.Payload {
					t.Errorf("planned %+v; sent %d packets, %d bytes", plan, m.packets, sent)
				}
				if took := m.file - m.first; math.Abs((took - plan.Takes).Seconds()) > 0.002 {
					t.Errorf("planned %v, took %v", plan.Takes, took)
				}
			})
		})
	}
}

// TestPlanOf tells what is asked for, of files that nobody reads.
func TestPlanOf(t *testing.T) {
	cfg := SendConfig{To: simGroup, Rate: 1_000_000_000, Session: sender.Config{OTI: fec.OTI{EncodingID: fec.RaptorQ}}}
	huge := sender.File{ContentLocation: "file:///huge", Size: 1 << 30}
	p, err := PlanSend(context.Background(), cfg, nil, []sender.File{huge})
	if err != nil {
		t.Fatal(err)
	}
	if p.Files != 1 || p.FileBytes != 1<<30 || p.FDTInstances == 0 || p.FDTPackets == 0 ||
		p.Memory < 1<<20 || p.Memory > 256<<20 {
		t.Errorf("%+v", p)
	}
	if p.Overhead() < 0.25 || p.Overhead() > 0.35 {
		t.Errorf("overhead %v", p.Overhead())
	}
	if p.Takes < 10*time.Second || p.Takes > 12*time.Second || math.Abs(float64(p.Rate())/1e9-1) > 0.01 {
		t.Errorf("takes %v, at %d bit/s", p.Takes, p.Rate())
	}
	cfg.Session.TransferCount = -1
	turn, err := PlanSend(context.Background(), cfg, nil, []sender.File{huge})
	if err != nil || turn.Packets != p.Packets {
		t.Errorf("for ever: %+v, %v", turn, err)
	}
	cfg.Within = time.Second
	if _, err := PlanSend(context.Background(), cfg, nil, []sender.File{huge}); err == nil {
		t.Error("for ever, within a second")
	}
	cfg.Session.TransferCount = 1
	if late, err := PlanSend(context.Background(), cfg, nil, []sender.File{huge}); err != nil || late.Late < 9*time.Second {
		t.Errorf("too slow: %+v, %v", late, err)
	}
	if err := CheckSend(cfg, nil, []sender.File{huge}); !errors.Is(err, sender.ErrTarget) {
		t.Errorf("too slow: %v", err)
	}
	cfg.Within = time.Minute
	if err := CheckSend(cfg, nil, []sender.File{huge}); err != nil {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := PlanSend(ended, cfg, nil, []sender.File{huge}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	p, err = PlanSend(context.Background(), cfg, nil, nil)
	if err != nil || p.Packets != 0 || p.Overhead() != 0 || p.Rate() != 0 {
		t.Errorf("nothing: %+v, %v", p, err)
	}
	if _, err := PlanSend(context.Background(), cfg, nil, []sender.File{huge, huge}); !errors.Is(err, sender.ErrLocation) {
		t.Errorf("twice the same: %v", err)
	}
}
