package sender

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
)

// endless returns a session that sends one file of 4 MiB for ever, past its first transfer.
func endless(tb testing.TB, cfg Config, fromDisk bool) *Session {
	tb.Helper()
	cfg.Registry = schemes.Default()
	cfg.TransferCount = -1
	s, err := New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	content := pattern(4 << 20)
	f := File{ContentLocation: "a", Content: bytes.NewReader(content), Size: uint64(len(content)), Digests: NoDigest}
	if fromDisk {
		name := filepath.Join(tb.TempDir(), "a")
		if err := os.WriteFile(name, content, 0o600); err != nil {
			tb.Fatal(err)
		}
		file, err := os.Open(name)
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { file.Close() })
		f.Content = file
	}
	addTo(tb, s, f)
	b := make([]byte, 0, s.MaxPacketLen())
	for s.Stats().Transfers == 0 {
		if _, ok, err := s.AppendNext(b, start); !ok || err != nil {
			tb.Fatal(ok, err)
		}
	}
	s.Events()
	return s
}

var sessions = []struct {
	name     string
	cfg      Config
	fromDisk bool
}{
	{"no-code", Config{}, false},
	{"no-code from disk", Config{}, true},
	{"no-code, interleaved", Config{Interleave: 8}, true},
	{"RS k=64 p=16", Config{OTI: fec.OTI{EncodingID: fec.ReedSolomonGF28}}, false},
	{"RS k=64 p=16, partly kept", Config{OTI: fec.OTI{EncodingID: fec.ReedSolomonGF28}, CacheBytes: 1 << 20}, true},
	{"RS k=64 p=16, not kept", Config{OTI: fec.OTI{EncodingID: fec.ReedSolomonGF28}, CacheBytes: -1}, false},
	{"RS k=64 p=16 from disk", Config{OTI: fec.OTI{EncodingID: fec.ReedSolomonGF28}}, true},
}

func TestAppendNextAllocatesNothing(t *testing.T) {
	for _, tt := range sessions {
		s := endless(t, tt.cfg, tt.fromDisk)
		b := make([]byte, 0, s.MaxPacketLen())
		if n := testing.AllocsPerRun(10_000, func() {
			if _, ok, err := s.AppendNext(b, start); !ok || err != nil {
				t.Fatal(ok, err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations a packet", tt.name, n)
		}
	}
}

func BenchmarkAppendNext(b *testing.B) {
	for _, tt := range sessions {
		b.Run(tt.name, func(b *testing.B) {
			s := endless(b, tt.cfg, tt.fromDisk)
			before := s.Stats()
			pkt := make([]byte, 0, s.MaxPacketLen())
			b.ReportAllocs()
			for b.Loop() {
				if _, ok, err := s.AppendNext(pkt, start); !ok || err != nil {
					b.Fatal(ok, err)
				}
			}
			after := s.Stats()
			seconds := b.Elapsed().Seconds()
			b.ReportMetric(float64(after.Packets-before.Packets)/seconds, "packets/s")
			b.ReportMetric(float64(after.Bytes-before.Bytes)/1e6/seconds, "MB/s")
		})
	}
}

// longList returns a session with so many files, and what makes a new FDT Instance of them: one of them is replaced.
func longList(tb testing.TB, files int) (again func()) {
	tb.Helper()
	s, err := New(Config{
		Registry: schemes.Default(), FDTBytes: 2 << 20, FDTCollect: -1, TransferCount: -1, Delay: time.Hour,
	})
	if err != nil {
		tb.Fatal(err)
	}
	add := func(i int) flute.TOI {
		f := File{ContentLocation: fmt.Sprintf("file:///folder/%d.bin",
			i), Content: bytes.NewReader(pattern(1000)), Size: 1000}
		return addTo(tb, s, f)
	}
	var last flute.TOI
	for i := range files {
		last = add(i)
	}
	pkt := make([]byte, 0, s.MaxPacketLen())
	now := start
	return func() {
		s.Remove(last, AtOnce)
		last = add(files)
		for before := s.Stats().FDTInstances; s.Stats().FDTInstances == before; now = latest(now, s.Deadline()) {
			if _, _, err := s.AppendNext(pkt, now); err != nil {
				tb.Fatal(err)
			}
		}
	}
}

// The entries of an FDT Instance were written when their files were added: a new one costs less than an allocation for
// each.
func TestEntriesAreWrittenOnce(t *testing.T) {
	const files = 2000
	if n := testing.AllocsPerRun(5, longList(t, files)); n > files {
		t.Errorf("%v allocations for an FDT Instance of %d files", n, files)
	}
}

func BenchmarkInstance(b *testing.B) {
	again := longList(b, 4000)
	b.ReportAllocs()
	for b.Loop() {
		again()
	}
}
