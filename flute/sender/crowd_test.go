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

// crowdPacket is the time of a packet in a crowd: some 100 Mbit/s.
const crowdPacket = 115 * time.Microsecond

// crowd is a carousel of many files, past its first turn.
type crowd struct {
	tb  testing.TB
	s   *Session
	now time.Time
	pkt []byte
}

func newCrowd(tb testing.TB, cfg Config, files, size int) *crowd {
	tb.Helper()
	cfg.Registry, cfg.TransferCount = schemes.Default(), -1
	s, err := New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	content := pattern(size)
	for i := range files {
		f := File{
			ContentLocation: fmt.Sprintf("file:///folder/%d.bin", i), Content: bytes.NewReader(content),
			Size: uint64(size), Digests: NoDigest,
		}
		addTo(tb, s, f)
	}
	c := &crowd{tb: tb, s: s, now: start, pkt: make([]byte, 0, s.MaxPacketLen())}
	for s.Stats().Transfers < uint64(2*files) {
		c.send()
	}
	s.Events()
	return c
}

// send makes a packet.
func (c *crowd) send() {
	for {
		_, ok, err := c.s.AppendNext(c.pkt, c.now)
		if err != nil {
			c.tb.Fatal(err)
		}
		if ok {
			c.now = c.now.Add(crowdPacket)
			return
		}
		c.now = latest(c.now, c.s.Deadline())
	}
}

var crowds = []struct {
	name        string
	cfg         Config
	files, size int
}{
	{"1 file of 40 MB", Config{}, 1, 40 << 20},
	{"10,000 files of 14 KB", Config{}, 10_000, 14_000},
	{"10,000 files of 1 KB", Config{}, 10_000, 1000},
	{"10,000 files of 14 KB in an interval", Config{Interval: 20 * time.Second}, 10_000, 14_000},
	{"10,000 files of 14 KB with a delay", Config{Delay: 100 * time.Millisecond}, 10_000, 14_000},
	{"1 file of 40 MB, Reed-Solomon", Config{OTI: fec.OTI{EncodingID: fec.ReedSolomonGF28}}, 1, 40 << 20},
	{"10,000 files of 14 KB, Reed-Solomon", Config{OTI: fec.OTI{EncodingID: fec.ReedSolomonGF28}}, 10_000, 14_000},
}

// TestCrowdAllocatesNothing: nor does the end of a transfer and the start of the next one, here with each packet.
func TestCrowdAllocatesNothing(t *testing.T) {
	for name, cfg := range map[string]Config{
		"one after the other": {}, "with a delay": {Delay: 30 * time.Millisecond}, "in an interval": {Interval: 30 * time.Millisecond},
		"Reed-Solomon": {OTI: fec.OTI{EncodingID: fec.ReedSolomonGF28}},
	} {
		c := newCrowd(t, cfg, 200, 1000)
		if n := testing.AllocsPerRun(5000, c.send); n != 0 {
			t.Errorf("%s: %v allocations a packet", name, n)
		}
	}
}

// BenchmarkCrowd compares a packet of a carousel of many files with that of one.
func BenchmarkCrowd(b *testing.B) {
	for _, tt := range crowds {
		b.Run(tt.name, func(b *testing.B) {
			c := newCrowd(b, tt.cfg, tt.files, tt.size)
			b.ReportAllocs()
			for b.Loop() {
				c.send()
			}
		})
	}
}

// TestAddIsLinear: what an Add allocates does not depend on how many files there are, and what is kept of a file is
// what doc.go says, besides its name and its content.
func TestAddIsLinear(t *testing.T) {
	measure := func(n int) (allocated, kept uint64) {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		s, err := New(Config{Registry: schemes.Default()})
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			f := File{ContentLocation: fmt.Sprintf("file:///%d", i), Digests: NoDigest}
			o, err := Prepare(context.Background(), f, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Add(o); err != nil {
				t.Fatal(err)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(s)
		return (after.TotalAlloc - before.TotalAlloc) / uint64(n), (after.HeapAlloc - before.HeapAlloc) / uint64(n)
	}
	few, _ := measure(2000)
	many, kept := measure(20_000)
	if many > few*3/2 {
		t.Errorf("an Add allocates %d bytes in a session of 20,000 files, %d in one of 2,000", many, few)
	}
	if kept > 2500 {
		t.Errorf("a file takes %d bytes", kept)
	}
}

// BenchmarkAdd is linear in the number of files, and its memory for each is bounded.
func BenchmarkAdd(b *testing.B) {
	for _, n := range []int{1000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var before, after runtime.MemStats
			var s *Session
			for b.Loop() {
				runtime.GC()
				runtime.ReadMemStats(&before)
				s, _ = New(Config{Registry: schemes.Default()})
				for i := range n {
					f := File{ContentLocation: fmt.Sprintf("file:///folder/%d.bin", i), Digests: NoDigest}
					o, err := Prepare(context.Background(), f, nil)
					if err != nil {
						b.Fatal(err)
					}
					if _, err := s.Add(o); err != nil {
						b.Fatal(err)
					}
				}
				runtime.GC()
				runtime.ReadMemStats(&after)
			}
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/float64(n)*1e9, "ns/file")
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "B/file")
			runtime.KeepAlive(s)
		})
	}
}
