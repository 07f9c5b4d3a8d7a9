package fdt_test

import (
	"fmt"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
)

func Example() {
	now := time.Date(2025, 12, 1, 23, 0, 0, 0, time.UTC)
	size := uint64(6100)
	out := fdt.Instance{
		Expires: now.Add(time.Hour),
		Files: []fdt.File{{
			TOI: flute.NewTOI(2), ContentLocation: "http://www.example.com/tracks/track1.mp3", ContentLength: &size,
			ContentType: "audio/mp3", HasOTI: true,
			OTI: fec.OTI{TransferLength: size, SymbolLength: 1424, MaxSourceBlockLength: 64},
		}},
	}
	xml, err := out.AppendXML(nil, fdt.RFC6726)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(xml), "bytes of", fdt.MediaType)

	in, err := fdt.Parse(xml, now, fdt.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("expires", in.Expires.Format(time.RFC3339))
	for _, f := range in.Files {
		fmt.Println(f.TOI, f.ContentLocation, f.ContentType, *f.TransferLength, f.OTI.EncodingID)
	}
	// Output:
	// 378 bytes of application/fdt+xml
	// expires 2025-12-02T00:00:00Z
	// 2 http://www.example.com/tracks/track1.mp3 audio/mp3 6100 no-code
}
