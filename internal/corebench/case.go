package corebench

import (
	"github.com/flute-node/flute-node/fec"
)

// symbol is the symbol length of all cases, in bytes.
const symbol = 1400

// maxBlocks bounds the source blocks of a file: some senders have a byte for the SBN.
const maxBlocks = 255

// Case is a FEC scheme with the length of its source blocks.
type Case struct {
	Name   string // of the scheme, as on the command line
	OTI    fec.OTI
	K      uint32    // source symbols of a block
	Repair uint32    // repair symbols of a block that are sent
	Spare  uint32    // repair symbols beyond the lost ones that a receiver is given
	Losses []float64 // parts of the source symbols that are lost, one for each measurement of Receive
}

// Cases returns what is measured by default.
func Cases() []Case {
	rs := func(name string, id fec.EncodingID, m uint8, k, p uint32, losses ...float64) Case {
		return Case{Name: name, K: k, Repair: p, Losses: losses, OTI: fec.OTI{
			EncodingID: id, SymbolLength: symbol, MaxSourceBlockLength: k, MaxEncodingSymbols: k + p, FieldBits: m,
		}}
	}
	fountain := func(name string, id fec.EncodingID, k, p, spare uint32, losses ...float64) Case {
		return Case{Name: name, K: k, Repair: p, Spare: spare, Losses: losses, OTI: fec.OTI{
			EncodingID: id, SymbolLength: symbol, MaxSourceBlockLength: k, SubBlocks: 1, Alignment: 4,
		}}
	}
	return []Case{
		{Name: "no-code", K: 64, Losses: []float64{0}, OTI: fec.OTI{SymbolLength: symbol, MaxSourceBlockLength: 64}},
		rs("rs", fec.ReedSolomonGF28, 0, 64, 16, 0.05),
		rs("rs", fec.ReedSolomonGF28, 0, 200, 50, 0.1),
		rs("rs16", fec.ReedSolomonGF2m, 16, 300, 60, 0.1),
		fountain("raptorq", fec.RaptorQ, 1000, 200, 2, 0, 0.05, 0.2),
		fountain("raptor", fec.Raptor, 1000, 200, 16, 0.05),
	}
}

// files returns how many files of how many bytes have about so many bytes, in whole source blocks.
func (c *Case) files(bytes uint64) (n int, size uint64) {
	block := uint64(c.K) * symbol
	blocks := max(1, bytes/block)
	n = int((blocks + maxBlocks - 1) / maxBlocks)
	return n, max(1, blocks/uint64(n)) * block
}
