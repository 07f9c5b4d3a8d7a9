package sender

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
)

// TestStandIn: a session of stand-ins without a code makes packets of the same lengths in the same order.
func TestStandIn(t *testing.T) {
	for name, oti := range map[string]fec.OTI{
		"no code": {},
		"grouped": {EncodingID: fec.ReedSolomonGF2m, SymbolLength: 100, GroupSize: 5, FieldBits: 8},
		"ldpc":    {EncodingID: fec.LDPCStaircase, SymbolLength: 100, GroupSize: 2},
		"raptorq": {EncodingID: fec.RaptorQ, SymbolLength: 500},
		"id 129":  {EncodingID: fec.SmallBlockSystematic, SymbolLength: 500},
	} {
		t.Run(name, func(t *testing.T) {
			lengths := func(registry *fec.Registry, prepare func(f File) (*Object, error)) (all []int) {
				s, err := New(Config{Registry: registry, OTI: oti, TransferCount: 2})
				if err != nil {
					t.Fatal(err)
				}
				for _, name := range []string{"file:///a", "file:///b"} {
					f := File{
						ContentLocation: name, Content: bytes.NewReader(make([]byte, 50_001)), Size: 50_001,
						AutoETag: true,
					}
					o, err := prepare(f)
					if err != nil {
						t.Fatal(err)
					}
					if _, err := s.Add(o); err != nil {
						t.Fatal(err)
					}
				}
				if err := s.SetComplete(); err != nil {
					t.Fatal(err)
				}
				for now := time.Unix(1_000_000, 0); ; {
					packet, ok, err := s.AppendNext(nil, now)
					switch {
					case err != nil:
						t.Fatal(err)
					case ok:
						all = append(all, len(packet))
					case s.Done():
						return all
					default:
						now = s.Deadline()
					}
				}
			}
			real := lengths(schemes.Default(), func(f File) (*Object, error) {
				return Prepare(context.Background(), f, nil)
			})
			blank := lengths(blank(schemes.Default()), func(f File) (*Object, error) {
				return f.StandIn(f.Size)
			})
			if len(real) != len(blank) {
				t.Fatalf("%d packets, planned %d", len(real), len(blank))
			}
			for i, n := range real {
				if blank[i] != n {
					t.Fatalf("packet %d has %d bytes, planned %d", i, n, blank[i])
				}
			}
		})
	}
}

// TestStandInIsRefused: what Prepare refuses is refused.
func TestStandInIsRefused(t *testing.T) {
	for _, f := range []File{{}, {ContentLocation: "file:///a", Size: 1 << 63}} {
		if _, err := f.StandIn(f.Size); err == nil {
			t.Errorf("%+v is taken", f)
		}
	}
}

// TestMemory: a session needs what the files in transfer need, those that need most.
func TestMemory(t *testing.T) {
	s, err := New(Config{Registry: schemes.Default(), Parallel: 2})
	if err != nil {
		t.Fatal(err)
	}
	code := fec.OTI{
		EncodingID: fec.ReedSolomonGF28, SymbolLength: 1000, MaxSourceBlockLength: 100, MaxEncodingSymbols: 120,
	}
	scheme, err := schemes.Default().Scheme(&code)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []File{
		{ContentLocation: "file:///empty"},
		{ContentLocation: "file:///small", Size: 70_000},
		{ContentLocation: "file:///large", Size: 1 << 34},
		{ContentLocation: "file:///coded", Size: 1_000_000, OTI: &code, Interleave: 3},
	} {
		o, err := f.StandIn(f.Size)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Add(o); err != nil {
			t.Fatal(err)
		}
	}
	want := 512<<10 + 4*100_000 + 3*scheme.Memory(&code, 100).Encoder
	if got := s.Memory(); got != want {
		t.Errorf("%d bytes, want %d", got, want)
	}
}

// TestFileMemory: what a session holds of files that wait, and of those that were sent, is within the bound for each,
// and the bound is no more than twice of it. Of a file that was sent, what its packets were made with is gone.
func TestFileMemory(t *testing.T) {
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	const files = 5000
	for _, name := range []int{30, 1000} {
		cfg := Config{OTI: fec.OTI{SymbolLength: 1400}, FTI: FirstOfBlock} // two headers
		s, _ := oneFile(t, cfg, 50)
		before := heap()
		within := func(when string, less float64) {
			got, bound := float64(heap()-before)/files, float64(s.cfg.FileMemory(name))-less
			if got > bound || got < bound/2 {
				t.Errorf("names of %d bytes, %s: %.0f bytes a file, the bound is %.0f", name, when, got, bound)
			}
		}
		for i := range files {
			location := fmt.Sprintf("file:///%0*d", name-8, i)
			addTo(t, s, File{ContentLocation: location, Content: zeros{}, Size: 100})
		}
		within("waiting", 0)
		for now := start; s.Stats().Completed <= files; now = now.Add(100 * time.Microsecond) {
			if _, ok, err := s.AppendNext(nil, now); err != nil {
				t.Fatal(err)
			} else if !ok {
				now = s.Deadline()
			}
			s.Events()
		}
		within("sent", 600)
		runtime.KeepAlive(s)
	}
}
