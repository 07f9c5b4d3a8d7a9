package wire_test

import (
	"fmt"

	"github.com/flute-node/flute-node/utp/wire"
)

// A packet that begins a connection.
func ExampleParse() {
	syn := wire.Packet{Type: wire.Syn, ConnID: 7, Seq: 1, Window: 1 << 20}
	datagram := syn.AppendBinary(nil)

	p, err := wire.Parse(datagram)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Type, p.ConnID, p.Seq, len(datagram))
	// Output: ST_SYN 7 1 20
}
