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
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/sender"
)

// TestPlan: a session sends exactly the packets that were planned, in the time that was planned.
func TestPlan(t *testing.T) {
	const rate = 1_000_000
	text := bytes.Repeat([]byte("all the same "), 20_000)
	for name, test := range map[string]struct {
		cfg   SendConfig
		files int
		size  int
		file  func(f *sender.File)
	}{
		"content encoding": {SendConfig{Rate: rate}, 2, 0, func(f *sender.File) {
			f.CENC, f.Content, f.Size = flute.GZIP, bytes.NewReader(text), uint64(len(text))
		}},
		"content encoding, larger": {SendConfig{Rate: rate}, 2, 50_000, func(f *sender.File) { f.CENC = flute.GZIP }},
		"content encoding, if smaller": {SendConfig{Rate: rate}, 2, 50_000, func(f *sender.File) {
			f.CENC, f.CENCIfSmaller = flute.ZLIB, true
		}},
		"digests later": {SendConfig{Rate: rate}, 1, 200_000, func(f *sender.File) { f.Digests = sender.DigestLater }},
		"digests later, repeated": {
			SendConfig{Rate: rate, Session: sender.Config{TransferCount: 2, OTI: fec.OTI{EncodingID: fec.RaptorQ}}},
			3, 200_000, func(f *sender.File) { f.Digests, f.AutoETag = sender.DigestLater, true },
		},
		"large, digests by default": {SendConfig{Rate: 50 * rate}, 1, 17 << 20, nil},
		"constant":                  {SendConfig{Rate: rate, Constant: true}, 2, 100_000, nil},
		"constant, warm-up": {
			SendConfig{Rate: rate, Constant: true, WarmUp: 2 * time.Second}, 1, 100_000, nil,
		},
		"constant, carousel": {SendConfig{
			Rate: rate, Constant: true, Counting: CountIP,
			Session: sender.Config{TransferCount: 3, Interval: 3 * time.Second},
		}, 2, 50_000, nil},
		"close-session flag": {SendConfig{Rate: rate, CloseRepeat: 3 * time.Second}, 1, 10_000, nil},
		"once closed":        {SendConfig{Rate: rate, CloseRepeat: -1}, 1, 10_000, nil},
		"bursts": {
			SendConfig{Rate: rate, Session: sender.Config{TransferCount: 4, Burst: 2, Delay: time.Second}},
			2, 50_000, nil,
		},
		"in transfer": {
			SendConfig{Rate: rate, Session: sender.Config{FDTInTransfer: true, TransferCount: 2}},
			5, 100_000,
			nil,
		},
		"FDT with gzip": {SendConfig{Rate: rate, Session: sender.Config{FDTCENC: flute.GZIP}}, 1, 100_000, nil},
		"FTI, times": {
			SendConfig{
				Rate: rate, Session: sender.Config{FTI: sender.FirstOfBlock, ERT: true, FileSCT: true, SLC: true},
			},
			2, 100_000, nil,
		},
		"short TOIs": {SendConfig{Rate: rate, Session: sender.Config{TOIBits: 16}}, 2, 100_000, nil},
		"random TOIs": {
			SendConfig{Rate: rate, RandomTOI: true, Session: sender.Config{TOIBits: 112}}, 2, 100_000, nil,
		},
		"mbms-download": {SendConfig{Rate: rate, Session: sender.Config{Profile: fdt.MBMSDownload}}, 2, 100_000, nil},
		"priorities": {SendConfig{Rate: rate}, 5, 50_000, func(f *sender.File) {
			f.Priority = int8('2') - int8(f.ContentLocation[len(f.ContentLocation)-1])
		}},
		"file in time":   {SendConfig{Rate: rate}, 1, 50_000, func(f *sender.File) { f.Within = 20 * time.Second }},
		"one file":       {SendConfig{Rate: 1_000_000}, 1, 1_000_000, nil},
		"an empty file":  {SendConfig{Rate: 1_000_000}, 1, 0, nil},
		"without a rate": {SendConfig{}, 1, 100_000, nil},
		"raptorq": {
			SendConfig{Rate: 2_000_000, Session: sender.Config{OTI: fec.OTI{EncodingID: fec.RaptorQ}}},
			1, 1_000_000,
			nil,
		},
		"grouped": {
			SendConfig{Rate: 2_000_000, Session: sender.Config{
				OTI: fec.OTI{EncodingID: fec.ReedSolomonGF2m, SymbolLength: 200, GroupSize: 5, FieldBits: 8},
			}}, 1, 500_000, nil,
		},
		"many, together": {SendConfig{Rate: 1_000_000}, 50, 20_000, nil},
		"repeated": {
			SendConfig{Rate: 1_000_000, Session: sender.Config{TransferCount: 3, Delay: time.Second}}, 2, 100_000, nil,
		},
		"within":          {SendConfig{Within: 20 * time.Second}, 1, 300_000, nil},
		"headers, too":    {SendConfig{Rate: 1_000_000, Counting: CountEthernet}, 1, 500_000, nil},
		"slow, large FDT": {SendConfig{Rate: 100_000}, 200, 100, nil},
		"parallel and few": {
			SendConfig{Rate: 3_000_000, Session: sender.Config{Parallel: 2, Interleave: 4}}, 5, 100_000, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, Config{}, func(w *world) {
				test.cfg.TSI, test.cfg.To = 1, simGroup
				var files []sender.File
				for i := range test.files {
					f := sender.File{
						ContentLocation: fmt.Sprintf("file:///1/%d", i), Size: uint64(test.size),
						Content: bytes.NewReader(randomBytes(uint64(i), test.size)),
						StartAt: time.Now().Add(time.Second), // when all are added, and Finish was called
					}
					if test.file != nil {
						test.file(&f)
					}
					files = append(files, f)
				}
				plan, err := PlanSend(w.ctx, test.cfg, nil, files)
				if err != nil {
					t.Fatal(err)
				}
				s, m := w.metered(test.cfg)
				for _, f := range files {
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
				// What digests are compressed to, and the digits of a random TOI, are not known before.
				near := 0
				if test.cfg.Session.FDTCENC != flute.Null || test.cfg.RandomTOI {
					near = 20 * int(plan.FDTPackets)
				}
				if uint64(m.packets) != plan.Packets || max(sent-int(plan.Payload), int(plan.Payload)-sent) > near {
					t.Errorf("planned %+v; sent %d packets, %d bytes", plan, m.packets, sent)
				}
				if bound := float64(test.cfg.Rate); bound > 0 && float64(plan.Rate()) > bound*1.2+200_000 {
					t.Errorf("planned %d bit/s", plan.Rate())
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
	if late, err := PlanSend(context.Background(), cfg, nil, []sender.File{huge}); err != nil ||
		late.Late < 9*time.Second {
		t.Errorf("too slow: %+v, %v", late, err)
	}
	if err := CheckSend(cfg, nil, []sender.File{huge}); !errors.Is(err, sender.ErrTarget) {
		t.Errorf("too slow: %v", err)
	}
	cfg.Within = 0
	hurried := huge
	hurried.Within = time.Second
	if _, err := PlanSend(context.Background(), cfg, nil, []sender.File{hurried}); !errors.Is(err, sender.ErrTarget) {
		t.Errorf("a file in a second: %v", err)
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
	if _, err := PlanSend(context.Background(), cfg, nil, []sender.File{huge, huge}); !isField(err, "ContentLocation") {
		t.Errorf("twice the same: %v", err)
	}
}

// isField reports whether err is about this field of a File.
func isField(err error, field string) bool {
	var e *sender.FileError
	return errors.As(err, &e) && e.Field == field
}
