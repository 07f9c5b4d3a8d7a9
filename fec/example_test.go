package fec_test

import (
	"fmt"

	"github.com/flute-node/flute-node/fec"
)

// An EXT_FTI says how the object is cut, and a FEC Payload ID which piece of it a packet carries.
func Example() {
	fti := []byte{0, 0, 0, 0, 0, 77, 0, 8, 4, 6} // the content of EXT_FTI, behind HET and HEL
	oti, err := fec.ParseFTI(fec.ReedSolomonGF28, fti)
	if err != nil {
		panic(err)
	}
	if err := oti.Validate(); err != nil { // always: it came from the network
		panic(err)
	}
	part := oti.Partition()
	for sbn := range fec.SBN(part.Blocks()) {
		off, n := part.Block(sbn)
		k := part.BlockSymbols(sbn)
		fmt.Printf("block %d: bytes %d to %d, %d source symbols, %d repair symbols\n", sbn, off, off+n-1, k,
			oti.RepairSymbols(k))
	}

	packet := []byte{0, 0, 2, 2, 0xd5, 0x1f, 0x69, 0xb3, 0xfd}
	id, n, err := oti.ParsePayloadID(packet)
	if err != nil {
		panic(err)
	}
	off, length := part.Symbol(id.SBN, id.ESI)
	fmt.Printf("symbol %d:%d: %d bytes at %d: %x\n", id.SBN, id.ESI, length, off, packet[n:])
	// Output:
	// block 0: bytes 0 to 31, 4 source symbols, 2 repair symbols
	// block 1: bytes 32 to 55, 3 source symbols, 1 repair symbols
	// block 2: bytes 56 to 76, 3 source symbols, 1 repair symbols
	// symbol 2:2: 5 bytes at 72: d51f69b3fd
}
