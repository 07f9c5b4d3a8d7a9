package dissector

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/lct"
)

// fault is something that the dissector of Wireshark 4.0 reads otherwise than the RFC says.
type fault struct {
	name string // for people, with the section of the RFC
	// read changes the fields of a packet into what the dissector prints instead; it changes none if the packet does
	// not concern it.
	read func(p *packet, f fields)
}

var faults = []fault{
	{
		"three bytes of content of an unknown extension without HEL are shown as the last two (RFC 5651, 5.2)",
		func(p *packet, f fields) {
			var data []string
			for i, het := range p.het {
				switch {
				case het == lct.HETFDT || het == lct.HETCENC || het == lct.HETFTI:
				case het >= 128:
					data = append(data, p.data[i][2:])
				default:
					data = append(data, p.data[i])
				}
			}
			f["rmt-lct.hec.data"] = strings.Join(data, ",")
		},
	},
	{
		"CENC is read from the last reserved byte of EXT_CENC, and is 0 therefore (RFC 6726, 3.4.3)",
		func(p *packet, f fields) {
			if p.cenc != nil {
				f["rmt-lct.cenc"] = "0"
			}
		},
	},
	{
		"ID 2: SBN and ESI are taken for one number, and the first symbol's bytes for the ESI (RFC 5510, 4.1)",
		func(p *packet, f fields) {
			if p.scheme.EncodingID != fec.ReedSolomonGF2m || p.payload == nil {
				return
			}
			id := p.bytes[len(p.bytes)-len(p.payload)-4:]
			f["rmt-fec.sbn"] = strconv.FormatUint(uint64(binary.BigEndian.Uint32(id)), 10)
			if len(p.payload) < 4 {
				f["rmt-fec.esi"], f["alc.payload"] = "", ""
				f["_ws.malformed"] = "[Malformed Packet: RMT-FEC],_ws.malformed"
				return
			}
			f["rmt-fec.esi"] = fmt.Sprintf("0x%08x", binary.BigEndian.Uint32(p.payload))
			if p.fdt == nil {
				f["alc.payload"] = hex.EncodeToString(p.payload[4:])
			}
		},
	},
	{
		"ID 5: neither FEC Payload ID nor symbols are shown (RFC 5510, 5.1)",
		func(p *packet, f fields) {
			if p.scheme.EncodingID == fec.ReedSolomonGF28 {
				f["rmt-fec.sbn"], f["rmt-fec.esi"], f["alc.payload"] = "", "", ""
			}
		},
	},
	{
		"IDs 0 to 2: the two bytes behind the transfer length, reserved or m and G, are taken for an FEC Instance ID",
		func(p *packet, f fields) {
			if o := p.oti; o != nil && o.EncodingID <= fec.ReedSolomonGF2m {
				f["rmt-fec.instance_id"] = strconv.Itoa(int(o.FieldBits)<<8 | int(o.GroupSize)) // 0 in the others
			}
		},
	},
	{
		"ID 2: maximum source block length and max_n are taken for one number (RFC 5510, 4.2.4)",
		func(p *packet, f fields) {
			if o := p.oti; o != nil && o.EncodingID == fec.ReedSolomonGF2m {
				both := uint64(o.MaxSourceBlockLength)<<16 | uint64(o.MaxEncodingSymbols)
				f["rmt-fec.fti.max_source_block_length"] = strconv.FormatUint(both, 10)
				f["rmt-fec.fti.max_number_encoding_symbols"] = ""
			}
		},
	},
	{
		"IDs 3, 4 and 5: of EXT_FTI only the transfer length is shown; the symbol length is taken for an FEC " +
			"Instance ID (RFC 5170, 4.2.2.2; RFC 5510, 5.2.4)",
		func(p *packet, f fields) {
			if o := p.oti; o != nil && o.EncodingID >= fec.LDPCStaircase && o.EncodingID <= fec.ReedSolomonGF28 {
				f["rmt-fec.instance_id"] = strconv.Itoa(int(o.SymbolLength))
				f["rmt-fec.fti.encoding_symbol_length"], f["rmt-fec.fti.max_source_block_length"] = "", ""
				f["rmt-fec.fti.max_number_encoding_symbols"] = ""
			}
		},
	},
	{
		"IDs 128 to 130: the FEC Instance ID is shown twice, the second time modulo 256 (RFC 5445, 4.2.2.2)",
		func(p *packet, f fields) {
			if o := p.oti; o != nil && !o.EncodingID.FullySpecified() {
				f["rmt-fec.instance_id"] = fmt.Sprintf("%d,%d", o.InstanceID, o.InstanceID&0xff)
			}
		},
	},
	{
		"IDs 128 and 130: max_n is not shown (RFC 5445, 4.2.2.2 and 6.2.2.2)",
		func(p *packet, f fields) {
			if id := p.scheme.EncodingID; id == fec.SmallBlockExpandable || id == fec.Compact {
				f["rmt-fec.fti.max_number_encoding_symbols"] = ""
			}
		},
	},
}

// reservedBits is the fault that spoils the rest of a packet, so that nothing behind the TOI can be compared.
const reservedBits = "the two reserved bits are taken for T and R of RFC 3451, and what follows the TOI for an SCT " +
	"and an ERT (RFC 5651, 5.1: receivers ignore them)"
