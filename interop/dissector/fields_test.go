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

// names are the fields that are compared, as Wireshark calls them.
var names = []string{
	"rmt-lct.version", "rmt-lct.fsize.cci", "rmt-lct.fsize.tsi", "rmt-lct.fsize.toi", "rmt-lct.flags.sct_present",
	"rmt-lct.flags.ert_present", "rmt-lct.flags.close_session", "rmt-lct.flags.close_object", "rmt-lct.hlen",
	"rmt-lct.codepoint", "rmt-lct.cci", "rmt-lct.tsi", "rmt-lct.tsi64", "rmt-lct.toi", "rmt-lct.toi64",
	"rmt-lct.toi_extended", "rmt-lct.sct", "rmt-lct.ert", "rmt-lct.ext", "rmt-lct.hec.type", "rmt-lct.hec.len",
	"rmt-lct.hec.data", "rmt-lct.cenc", "rmt-lct.flute_version", "rmt-lct.fdt_instance_id", "rmt-fec.encoding_id",
	"rmt-fec.instance_id", "rmt-fec.sbn", "rmt-fec.sbl", "rmt-fec.esi", "rmt-fec.fti.transfer_length",
	"rmt-fec.fti.encoding_symbol_length", "rmt-fec.fti.max_source_block_length",
	"rmt-fec.fti.max_number_encoding_symbols", "rmt-fec.fti.num_blocks", "rmt-fec.fti.num_subblocks",
	"rmt-fec.fti.alignment", "alc.payload", "_ws.malformed",
}

// beforeTimes is how many of them lie in front of where RFC 3451 has its two words.
const beforeTimes = 16

// fields are the values of a packet, by their names, as tshark prints them; "" if the packet has none.
type fields map[string]string

func bit(set bool) string {
	if set {
		return "1"
	}
	return "0"
}

// said returns what the dissector should read in a packet.
func said(p *packet) fields {
	h := &p.header
	f := fields{
		"rmt-lct.version": "1", "rmt-lct.codepoint": strconv.Itoa(int(h.Codepoint)),
		"rmt-lct.fsize.cci": strconv.Itoa(int(p.layout.cci)), "rmt-lct.fsize.tsi": strconv.Itoa(int(p.layout.tsi)),
		"rmt-lct.fsize.toi":         strconv.Itoa(int(p.layout.toi)),
		"rmt-lct.flags.sct_present": bit(h.HasSCT), "rmt-lct.flags.ert_present": bit(h.HasERT),
		"rmt-lct.flags.close_session": bit(h.CloseSession), "rmt-lct.flags.close_object": bit(h.CloseObject),
		"rmt-lct.hlen": strconv.Itoa(h.Len()), "rmt-lct.cci": hex.EncodeToString(h.CCI[:h.CCILen]),
	}
	switch p.layout.tsi {
	case 2, 4:
		f["rmt-lct.tsi"] = strconv.FormatUint(uint64(h.TSI), 10)
	case 6:
		f["rmt-lct.tsi64"] = strconv.FormatUint(uint64(h.TSI), 10)
	}
	var toi [16]byte // big-endian
	h.TOI.AppendBytes(toi[:16-p.layout.toi], int(p.layout.toi))
	high, low := binary.BigEndian.Uint64(toi[:]), strconv.FormatUint(binary.BigEndian.Uint64(toi[8:]), 10)
	switch n := p.layout.toi; {
	case n > 8:
		f["rmt-lct.toi64"], f["rmt-lct.toi_extended"] = low, strconv.FormatUint(high, 10)
	case n > 4:
		f["rmt-lct.toi64"] = low
	case n > 0:
		f["rmt-lct.toi"] = low
	}
	if h.HasSCT {
		f["rmt-lct.sct"] = milliseconds(h.SCT)
	}
	if h.HasERT {
		f["rmt-lct.ert"] = milliseconds(h.ERT)
	}
	p.sayExtensions(f)
	if p.payload != nil {
		f["rmt-fec.encoding_id"] = strconv.Itoa(int(h.Codepoint))
		f["rmt-fec.sbn"], f["rmt-fec.esi"] = strconv.Itoa(int(p.id.SBN)), fmt.Sprintf("0x%08x", uint32(p.id.ESI))
		if p.scheme.EncodingID == fec.SmallBlockSystematic {
			f["rmt-fec.sbl"] = strconv.Itoa(int(p.id.SourceBlockLength))
		}
		if p.fdt == nil { // else it goes to the dissector of XML
			f["alc.payload"] = hex.EncodeToString(p.payload)
		}
	}
	return f
}

func milliseconds(v uint32) string { return fmt.Sprintf("%d.%03d000000", v/1000, v%1000) }

// sayExtensions adds what is in the header extensions.
func (p *packet) sayExtensions(f fields) {
	if len(p.het) > 0 {
		f["rmt-lct.ext"] = strconv.Itoa(len(p.het))
	}
	f["rmt-lct.hec.type"], f["rmt-lct.hec.len"] = list(p.het), list(p.hel)
	var data []string
	for i, het := range p.het {
		if het != lct.HETFDT && het != lct.HETCENC && het != lct.HETFTI { // those are shown by field
			data = append(data, p.data[i])
		}
	}
	f["rmt-lct.hec.data"] = strings.Join(data, ",")
	if p.fdt != nil {
		f["rmt-lct.flute_version"] = strconv.Itoa(int(*p.fdt >> 20))
		f["rmt-lct.fdt_instance_id"] = strconv.Itoa(int(*p.fdt & (1<<20 - 1)))
	}
	if p.cenc != nil {
		f["rmt-lct.cenc"] = strconv.Itoa(int(*p.cenc))
	}
	o := p.oti
	if o == nil {
		return
	}
	f["rmt-fec.fti.transfer_length"] = strconv.FormatUint(o.TransferLength, 10)
	f["rmt-fec.fti.encoding_symbol_length"] = strconv.Itoa(int(o.SymbolLength))
	switch o.EncodingID {
	case fec.Raptor, fec.RaptorQ:
		f["rmt-fec.fti.num_blocks"] = strconv.Itoa(int(o.SourceBlocks))
		f["rmt-fec.fti.num_subblocks"] = strconv.Itoa(int(o.SubBlocks))
		f["rmt-fec.fti.alignment"] = strconv.Itoa(int(o.Alignment))
		return
	}
	f["rmt-fec.fti.max_source_block_length"] = strconv.FormatUint(uint64(o.MaxSourceBlockLength), 10)
	if o.EncodingID == fec.CompactNoCode {
		return
	}
	f["rmt-fec.fti.max_number_encoding_symbols"] = strconv.FormatUint(uint64(o.MaxEncodingSymbols), 10)
	if !o.EncodingID.FullySpecified() {
		f["rmt-fec.instance_id"] = strconv.Itoa(int(o.InstanceID))
	}
}
