package receiver

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/mem"
)

var long = flag.Bool("long", false, "send folders with every code at every loss, ten times each; soak for minutes")

// lossModel says whether the next packet is lost.
type lossModel func() bool

// atRandom loses each packet with the probability p.
func atRandom(p float64) func(*rand.Rand) lossModel {
	return func(r *rand.Rand) lossModel { return func() bool { return r.Float64() < p } }
}

// inBursts loses length packets in a row, on average one burst in every so many.
func inBursts(length, every int) func(*rand.Rand) lossModel {
	return func(r *rand.Rand) lossModel {
		left := 0
		return func() bool {
			if left == 0 && r.IntN(every) == 0 {
				left = length
			}
			if left > 0 {
				left--
				return true
			}
			return false
		}
	}
}

// folder is a session of small files over a link that loses packets.
type folder struct {
	files int
	size  int
	cfg   sender.Config
	loss  func(*rand.Rand) lossModel
	rate  float64 // bit/s; zero: 10 Mbit/s
}

// outcome is what became of a folder.
type outcome struct {
	arrived     int
	lost        int // described, but not enough symbols came
	undescribed int // no description came
	other       int // enough came, and a description
	complete    int // SessionComplete events
	packets     uint64
	fdtPackets  uint64
	instances   uint64
	tail        time.Duration // from the end of the last file to the end of the session
	took        time.Duration
	held        uint64 // bytes, at most
}

func (o outcome) String() string {
	return fmt.Sprintf("%d arrived, %d lost, %d not described, %d failed otherwise; %d packets, %d of the FDT in %d "+
		"Instances; %v, tail %v; %d bytes held",
		o.arrived, o.lost, o.undescribed, o.other, o.packets, o.fdtPackets, o.instances, o.took.Round(time.Millisecond),
		o.tail.Round(time.Millisecond), o.held)
}

func (f folder) send(t testing.TB, seed uint64) (out outcome) {
	t.Helper()
	cfg := f.cfg
	cfg.Session, cfg.Registry = key, schemes.Default()
	s, err := sender.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	k := map[flute.TOI]int{}
	for i := range f.files {
		content := random(f.size, uint64(i))
		o, err := sender.Prepare(context.Background(), sender.File{
			ContentLocation: fmt.Sprintf("folder/file-%05d.bin", i), Content: bytes.NewReader(content),
			Size: uint64(f.size),
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		toi, err := s.Add(o)
		if err != nil {
			t.Fatal(err)
		}
		k[toi] = 0
	}
	if err := s.SetComplete(); err != nil {
		t.Fatal(err)
	}
	files := mem.New()
	r, err := New(Config{Registry: schemes.Default(), Store: files, Budget: store.NewBudget(256<<20, nil)})
	if err != nil {
		t.Fatal(err)
	}
	rate := f.rate
	if rate == 0 {
		rate = 10e6
	}
	lost := f.loss(rand.New(rand.NewPCG(seed, 1)))
	seen := map[flute.TOI]map[fec.PayloadID]bool{}
	completed := map[flute.TOI]bool{}
	drain := func() {
		for _, e := range r.Events() {
			switch e := e.(type) {
			case event.ObjectCompleted:
				completed[e.TOI] = true
			case event.SessionComplete:
				out.complete++
			case event.FDTRejected:
				t.Fatalf("%+v", e)
			}
		}
	}
	now, last := start, start
	for !s.Done() {
		b, ok, err := s.AppendNext(nil, now)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			now = s.Deadline()
			continue
		}
		if now = now.Add(time.Duration(float64(len(b)+28) * 8 / rate * 1e9)); s.Stats().Pending > 0 {
			last = now
		}
		s.Events()
		if lost() {
			continue
		}
		p, err := alc.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		if !p.TOI.IsFDT() {
			oti, err := fec.ParseFTI(fec.EncodingID(p.Codepoint), p.FTI)
			if err != nil {
				t.Fatal(err)
			}
			id, _, err := oti.ParsePayloadID(p.Body)
			if err != nil {
				t.Fatal(err)
			}
			if seen[p.TOI] == nil {
				seen[p.TOI] = map[fec.PayloadID]bool{}
				part := oti.Partition()
				k[p.TOI] = int(part.BlockSymbols(0)) // one block
			}
			seen[p.TOI][id] = true
		}
		r.Handle(now, key, b)
		if d := r.Deadline(); !d.IsZero() && !now.Before(d) {
			r.Advance(now)
		}
		drain()
	}
	if m := r.sessions[key]; m != nil {
		out.held = m.session.l.Held()
		r.Handle(now, key, s.AppendClose(nil))
		r.Advance(now.Add(defaultCloseGrace))
		drain()
		for toi := range k {
			e := m.session.l.entries[toi]
			switch {
			case completed[toi]:
				out.arrived++
			case e == nil || e.file == nil:
				out.undescribed++
			case !decodable(seen[toi], k[toi], f.cfg.OTI.IsRateless()):
				out.lost++
			default:
				out.other++
			}
		}
	}
	st := s.Stats()
	out.packets, out.fdtPackets, out.instances = st.Packets, st.FDTPackets, st.FDTInstances
	out.took, out.tail = now.Sub(start), now.Sub(last)
	return out
}

// decodable reports whether so many encoding symbols of an object with one source block of k source symbols suffice in
// any case.
func decodable(seen map[fec.PayloadID]bool, k int, rateless bool) bool {
	sources := 0
	for id := range seen {
		if int(id.ESI) < k {
			sources++
		}
	}
	if rateless && sources < k {
		return len(seen) >= k+4
	}
	return len(seen) > 0 && len(seen) >= k
}

// folders are the ways to send one, with repair that lets each file survive the loss.
func folders() map[string]sender.Config {
	more := func(o fec.OTI, ratio float64, count int) sender.Config {
		return sender.Config{OTI: o, Redundancy: ratio, TransferCount: count}
	}
	return map[string]sender.Config{
		"no-code": more(fec.OTI{SymbolLength: 1400}, 0, 8),
		"rs": more(fec.OTI{
			EncodingID: fec.ReedSolomonGF28, SymbolLength: 1400, MaxSourceBlockLength: 20, MaxEncodingSymbols: 120,
		}, 0, 1),
		"raptorq": more(fec.OTI{EncodingID: fec.RaptorQ, SymbolLength: 1400}, 5, 1),
		"raptor":  more(fec.OTI{EncodingID: fec.Raptor, SymbolLength: 1400}, 5, 1),
		"ldpc": more(fec.OTI{
			EncodingID: fec.LDPCStaircase, SymbolLength: 1400, MaxSourceBlockLength: 20, MaxEncodingSymbols: 120,
		}, 0, 1),
	}
}

// TestFolderOverLossyLink sends folders of 2,000 files of 1,500 bytes. Whatever is lost, no file may be missing for
// want of its description.
func TestFolderOverLossyLink(t *testing.T) {
	losses := map[string]func(*rand.Rand) lossModel{
		"1%": atRandom(0.01), "5%": atRandom(0.05), "10%": atRandom(0.1), "20%": atRandom(0.2),
		"bursts of 50": inBursts(50, 2500),
	}
	for code, cfg := range folders() {
		for name, loss := range losses {
			seeds := 1
			if *long {
				seeds = 10
			} else if name != "20%" && (name != "bursts of 50" || code != "raptorq") {
				continue
			}
			t.Run(code+" "+name, func(t *testing.T) {
				// So fast that the FDT is not repeated often for want of time: what protects it is its code.
				f := folder{files: 2000, size: 1500, cfg: cfg, loss: loss, rate: 1e9}
				if name == "bursts of 50" { // each takes some files whole
					f.cfg.TransferCount = max(cfg.TransferCount, 4)
				}
				for seed := range uint64(seeds) {
					got := f.send(t, seed)
					if got.undescribed+got.other+got.lost > 0 || got.complete != 1 {
						t.Errorf("seed %d: %v; told complete %d times", seed, got, got.complete)
					} else {
						t.Logf("seed %d: %v", seed, got)
					}
				}
			})
		}
	}
}

// Descriptions outlive files: where half of these are lost, all are described.
func TestFolderOverHopelessLink(t *testing.T) {
	for name, cfg := range map[string]sender.Config{
		"no-code": {OTI: fec.OTI{SymbolLength: 1400}, TransferCount: 2},
		"rs":      {OTI: fec.OTI{EncodingID: fec.ReedSolomonGF28, SymbolLength: 1400}},
		"raptorq": {OTI: fec.OTI{EncodingID: fec.RaptorQ, SymbolLength: 1400}, Redundancy: 0.25},
	} {
		for _, loss := range []float64{0.4} {
			got := folder{files: 2000, size: 1500, cfg: cfg, loss: atRandom(loss)}.send(t, 1)
			if got.lost == 0 || got.undescribed+got.other > 0 {
				t.Errorf("%s, %v lost: %v", name, loss, got)
			}
		}
	}
}

// A folder of so many files that an FDT Instance comes again only after many others: what was received of each counts.
func TestManyInstancesOverLossyLink(t *testing.T) {
	f := folder{
		files: 6000, size: 100, loss: atRandom(0.1), rate: 100e6,
		cfg: sender.Config{OTI: fec.OTI{SymbolLength: 1400}, TransferCount: 6, FDTBytes: 64 << 10},
	}
	got := f.send(t, 1)
	if got.arrived != f.files {
		t.Errorf("%v", got)
	}
	if got.instances < 4*8 {
		t.Errorf("%d FDT Instances are too few for this test", got.instances)
	}
}
