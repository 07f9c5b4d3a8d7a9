package fdt

import (
	"fmt"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

// many returns an Instance of n files as a sender announces them, 400 bytes each.
func many(n int) *Instance {
	in := &Instance{Expires: sample().Expires, Complete: true, Files: make([]File, n)}
	for i := range in.Files {
		size := uint64(1_000_000 + i)
		in.Files[i] = File{
			TOI: flute.NewTOI(uint64(i) + 1), ContentLocation: fmt.Sprintf("http://example.com/folder/%d/file.bin", i),
			ContentLength: &size, TransferLength: &size, ContentType: "application/octet-stream", MD5: bytesTo(16),
			HasOTI: true,
			OTI: fec.OTI{
				EncodingID: fec.ReedSolomonGF28, TransferLength: size, SymbolLength: 1400, MaxSourceBlockLength: 60,
				MaxEncodingSymbols: 80,
			},
		}
	}
	return in
}

func BenchmarkParse(b *testing.B) {
	for _, n := range []int{1, 100, 10_000} {
		xml := mustAppend(b, many(n), RFC6726)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(len(xml)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(xml, now, Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppendXML(b *testing.B) {
	for _, n := range []int{1, 100, 10_000} {
		in := many(n)
		xml := mustAppend(b, in, RFC6726)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(len(xml)))
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if xml, err = in.AppendXML(xml[:0], RFC6726); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
