package inspect

import (
	"bytes"
	"testing"

	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/capture"
)

// BenchmarkInspect measures reading and judging a capture: verified on one goroutine, verified beside it as the command
// does, and without verification.
func BenchmarkInspect(b *testing.B) {
	beside := func(f func()) { go f() }
	for _, bench := range []struct {
		name    string
		digests sender.Digests
		cfg     Config
	}{
		{"SHA-256", sender.DigestSHA256, Config{}},
		{"SHA-256 beside", sender.DigestSHA256, Config{Spawn: beside}},
		{"MD5 beside", sender.DigestMD5, Config{Spawn: beside}},
		{"unverified", sender.DigestMD5, Config{Unverified: true}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			cfg := bench.cfg
			file := pcap(b, sent(b, []int{32 << 20, 32 << 20}, func(_ *sender.Config, f *sender.File) {
				f.Digests = bench.digests
			}))
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			for b.Loop() {
				r, err := capture.NewReader(bytes.NewReader(file))
				if err != nil {
					b.Fatal(err)
				}
				in := New(cfg)
				var d capture.Datagram
				for r.Next(&d) == nil {
					in.Datagram(&d)
				}
				if v := in.Report().Verdict; v != Clean {
					b.Fatal(v)
				}
			}
		})
	}
}
