package sender

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
)

// TestLoad: what a session says that it is going to send is what it sends, whatever the code.
func TestLoad(t *testing.T) {
	for name, cfg := range map[string]Config{
		"no code": {OTI: fec.OTI{SymbolLength: 1000}},
		"repair": {OTI: fec.OTI{
			EncodingID: fec.ReedSolomonGF28, SymbolLength: 500, MaxSourceBlockLength: 20, MaxEncodingSymbols: 25,
		}},
		"raptorq":  {OTI: fec.OTI{EncodingID: fec.RaptorQ, SymbolLength: 500, SourceBlocks: 3, Alignment: 4, SubBlocks: 1}},
		"in FDT":   {FTI: FDTOnly},
		"in first": {FTI: FirstOfBlock},
		"grouped":  {OTI: fec.OTI{EncodingID: fec.ReedSolomonGF2m, SymbolLength: 100, GroupSize: 5, FieldBits: 8}},
		"repeated": {TransferCount: 3},
	} {
		for _, size := range []int{0, 1, 999, 12_345, 100_000} {
			t.Run(fmt.Sprintf("%s, %d bytes", name, size), func(t *testing.T) {
				cfg.Registry = schemes.Default()
				s, err := New(cfg)
				if err != nil {
					t.Fatal(err)
				}
				f := File{
					ContentLocation: "file:///a", Content: bytes.NewReader(make([]byte, size)), Size: uint64(size),
					Digests: NoDigest,
				}
				o, err := Prepare(context.Background(), f, nil)
				if err != nil {
					t.Fatal(err)
				}
				load, err := s.Load(o)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := s.Add(o); err != nil {
					t.Fatal(err)
				}
				now := time.Unix(1_000_000, 0)
				sent, packet := Load{}, []byte(nil)
				total := s.Remaining(now, now).Packets
				for s.stats.counts.Completed == 0 {
					before := s.stats.counts.FDTPackets
					var ok bool
					if packet, ok, err = s.AppendNext(packet[:0], now); err != nil || !ok {
						t.Fatal(ok, err)
					}
					if s.stats.counts.FDTPackets > before {
						continue
					}
					sent.Packets++
					sent.Bytes += uint64(len(packet))
					if left := s.Remaining(now, now).Packets; left > total-sent.Packets+4 {
						t.Fatalf("%d of %d packets sent, %d remain", sent.Packets, total, left)
					}
				}
				if sent != load {
					t.Errorf("%+v was announced, %+v sent", load, sent)
				}
				if left := s.Remaining(now, now); left.Packets > 0 {
					t.Errorf("at the end %+v remain", left)
				}
			})
		}
	}
}

// TestRemainingOfUnlisted: files that no FDT Instance describes yet are still to be sent, and so is the next version of
// one in transfer.
func TestRemainingOfUnlisted(t *testing.T) {
	for name, cfg := range map[string]Config{
		"listed": {}, "in transfer": {FDTInTransfer: true}, "manual": {FDTManual: true},
		"in transfer, manual": {FDTInTransfer: true, FDTManual: true},
	} {
		r := newRun(t, cfg)
		r.add("a", 10_000)
		if l := r.s.Remaining(start, start); l.Packets < 8 {
			t.Errorf("%s: %+v remain", name, l)
		}
		if n := r.s.Memory(); n < 10_000 {
			t.Errorf("%s: %d bytes of memory", name, n)
		}
	}
	r := newRun(t, Config{FDTOTI: fec.OTI{SymbolLength: 1400}})
	toi := r.add("a", 10_000)
	for r.s.names.objects[toi].state != active {
		r.until(r.now.Add(time.Millisecond))
	}
	o, err := Prepare(t.Context(), File{ContentLocation: "a", Content: zeros{}, Size: 1_400_000}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.s.Update(o, AfterTransfer); err != nil {
		t.Fatal(err)
	}
	if l := r.s.Remaining(r.now, r.now); l.Packets < 1000 {
		t.Errorf("after an update %+v remain", l)
	}
}

// TestRemainingFDT: what FDT Instances take is bounded by their share of the packets, however long they are repeated.
func TestRemainingFDT(t *testing.T) {
	r := newRun(t, Config{})
	files := r.s.names.objects[r.add("a", 100_000)].load()
	page := uint64(r.s.plan.pages[0].size.bytes)
	for end, want := range map[time.Duration]Load{
		0:                            {files.Packets + 1, files.Bytes + page},
		defaultFDTInterval - 1:       {files.Packets + 1, files.Bytes + page},
		defaultFDTInterval:           {files.Packets + 2, files.Bytes + 2*page},
		100_000 * defaultFDTInterval: {files.Packets + files.Packets/3 + 1, files.Bytes + files.Bytes/3 + 1},
	} {
		if got := r.s.Remaining(start, start.Add(end)); got != want {
			t.Errorf("until %v: %+v, want %+v", end, got, want)
		}
	}
}
