package inspect

import (
	"bytes"
	"testing"

	"github.com/flute-node/flute-node/internal/capture"
)

// BenchmarkInspect measures reading and judging a capture, with and without verification.
func BenchmarkInspect(b *testing.B) {
	file := pcap(b, sent(b, []int{64 << 20}, nil))
	for name, cfg := range map[string]Config{"verified": {}, "unverified": {Unverified: true}} {
		b.Run(name, func(b *testing.B) {
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
