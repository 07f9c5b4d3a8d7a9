package lct_test

import (
	"fmt"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/lct"
)

func ExampleParse() {
	header := lct.Header{
		HasTSI: true, TSI: 7,
		HasTOI: true, TOI: flute.NewTOI(70000),
		Extensions: lct.AppendExtension(nil, 77, []byte("unknown")),
	}
	datagram, err := header.AppendBinary(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	datagram = append(datagram, "payload"...)

	parsed, n, err := lct.Parse(datagram)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("TSI %d in %d bytes, TOI %v in %d bytes\n", parsed.TSI, parsed.TSILen, parsed.TOI, parsed.TOILen)
	for x, rest, ok := parsed.Extensions.Next(); ok; x, rest, ok = rest.Next() {
		fmt.Printf("extension %d: %q\n", x.Type, x.Content())
	}
	fmt.Printf("%s\n", datagram[n:])
	// Output:
	// TSI 7 in 2 bytes, TOI 70000 in 6 bytes
	// extension 77: "unknown\x00\x00\x00"
	// payload
}
