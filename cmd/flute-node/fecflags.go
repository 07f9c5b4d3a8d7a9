package main

import "github.com/flute-node/flute-node/internal/settings"

// fecFlags are the flags of settings.FEC, which has the same fields.
type fecFlags struct {
	Scheme    string            `name:"fec" default:"auto" help:"FEC scheme, in brackets the FEC Encoding ID; auto: raptorq with 10% and at least 2 repair symbols for each source block, no-code in the profiles of 3GPP and DVB and in a demo. ${fec_help}."`
	RSMatrix  string            `placeholder:"rizzo" default:"" help:"Family of Reed-Solomon codes: rizzo (default), rfc5510-8.2.1, backblaze."`
	FieldBits uint8             `type:"positive" placeholder:"8" help:"rs2: m, 2 to 16; a block has at most 2^m - 1 symbols."`
	Symbol    uint16            `type:"positive" placeholder:"1400" help:"Symbol length in bytes; default 1400, divided by --group; a little less where the scheme wants a multiple."`
	Block     uint32            `type:"positive" placeholder:"N" help:"Source symbols of a source block at most; default ${fec_blocks}; more for very long files."`
	Repair    *settings.Percent `placeholder:"20%" help:"Repair symbols, in percent of the source symbols; default 20%, with auto 10%, in a demo at least what --loss takes."`
	MaxRepair *settings.Percent `placeholder:"20%" help:"rs, rs129, rs2, rs16: repair symbols of the code; each transfer of a carousel has the next --repair of them."`
	SubBlocks uint16            `type:"positive" placeholder:"1" help:"raptor, raptorq: sub-blocks of a source block, for receivers with little memory."`
	Alignment uint8             `type:"positive" placeholder:"4" help:"raptor, raptorq: symbols and sub-symbols are multiples of so many bytes."`
	N1        uint8             `type:"positive" name:"ldpc-n1" placeholder:"7" help:"ldpc: equations of each source symbol, 3 to 10; default 7; 3 for receivers that only substitute."`
	LDPCSeed  uint32            `type:"positive" placeholder:"1" help:"ldpc: seed of the code, 1 to 2147483646."`
	Group     uint8             `type:"positive" placeholder:"1" help:"rs2, rs16, raptor, raptorq, ldpc: symbols in a packet, 1 to 31."`
	Loss      settings.Percent  `kong:"-"`
}

// words returns what the flags say.
func (f *fecFlags) words() settings.FEC { return settings.FEC(*f) }
