package inspect

// rule is a rule of an RFC that a capture can show to be broken. Its id is that of docs/conformance.md.
type rule struct {
	id     string
	must   bool // MUST or SHALL, or what no receiver can do without; else SHOULD
	text   string
	source string
}

// The rules. Their order is that of the reports.
var rules = []rule{
	{"A01", true, "the LCT version is 1", "RFC 5775, section 4.1"},
	{"A02", true, "each packet carries a TSI", "RFC 5775, section 2.1"},
	{"A03", true, "the congestion control information has one length in a session", "RFC 5775, section 2.2"},
	{"A15", true, "a payload has a whole FEC Payload ID", "RFC 5775, section 4.1"},
	{"L03", true, "reserved bits are 0", "RFC 5651, section 5.1"},
	{"L09", false, "after A = 1 all packets have A = 1", "RFC 5651, section 5.1"},
	{"L11", false, "after B = 1 all packets of the object have B = 1", "RFC 5651, section 5.1"},
	{"L15", true, "HDR_LEN covers the fields of the header", "RFC 5651, section 5.1"},
	{"L16", true, "HDR_LEN is within the datagram", "RFC 5651, section 5.1"},
	{"L28", true, "header extensions end within the header, and none has HEL 0", "RFC 5651, section 5.2.1"},
	{"L34", true, "EXT_TIME has the words that its flags announce", "RFC 5651, section 5.2.2"},
	{"L35", true, "EXT_TIME with SCT-Low has SCT-High", "RFC 5651, section 5.2.2"},
	{"L38", true, "the sender's time runs steadily", "RFC 5651, section 5.2.2"},
	{"L40", false, "an extension is once in a packet, or says the same", "RFC 5651, section 5"},
	{"L48", false, "packets fit into the path: IP has not split them", "RFC 5651, section 6.1"},
	{"E01", true, "EXT_FDT has FLUTE version 2, or 1 of RFC 3926", "RFC 6726, section 3.4.1"},
	{"E04", true, "a session has one FLUTE version", "RFC 6726, section 3.1"},
	{"E06", true, "only data-less packets with A = 1 are without TOI", "RFC 6726, section 3.1"},
	{"E11", true, "each object is described by an FDT Instance", "RFC 6726, section 3.2"},
	{"E15", true, "an FDT Instance describes at least one file", "RFC 6726, section 3.2"},
	{"E21", true, "each packet of an FDT Instance has EXT_FDT", "RFC 6726, section 3.3"},
	{"E23", false, "the FDT Instance of a file is sent before the file", "RFC 6726, section 3.3"},
	{"E24", true, "a later FDT Instance does not change what was said of a TOI", "RFC 6726, section 3.3"},
	{"E29", true, "an FDT Instance expires in the future", "RFC 6726, section 3.4.2"},
	{"E30", true, "an FDT Instance is not sent after it has expired", "RFC 6726, section 3.3"},
	{"E35", false, "FDT Instances are repeated", "RFC 6726, section 3.3"},
	{"E36", false, "an FDT Instance of several packets has FEC", "RFC 6726, section 3.3"},
	{"E43", true, "an FDT Instance ID in use keeps its content", "RFC 6726, section 3.4.1"},
	{"E48", true, "after Complete no file is added", "RFC 6726, section 3.4.2"},
	{"E52", true, "each File has a TOI and a Content-Location", "RFC 6726, section 3.4.2"},
	{"E55", false, "each File has a Content-Type", "RFC 6726, section 3.4.2"},
	{"E57", true, "a file without content encoding has one length", "RFC 6726, section 3.4.2"},
	{"E59", true, "the announced digest is that of the file", "RFC 6726, section 3.4.2"},
	{"E62", true, "an FDT Instance is a valid document", "RFC 6726, section 3.4.2"},
	{"E67", true, "all packets of an encoded FDT Instance have the same EXT_CENC", "RFC 6726, section 3.4.3"},
	{"E69", true, "the reserved bits of EXT_CENC are 0", "RFC 6726, section 3.4.3"},
	{"E70", true, "EXT_CENC names ZLIB, DEFLATE, GZIP or null", "RFC 6726, section 3.4.3"},
	{"E78", true, "FEC OTI comes in EXT_FTI or in the FDT", "RFC 6726, section 5"},
	{"E80", true, "EXT_FTI and FDT say the same FEC OTI", "RFC 6726, section 5"},
	{"E83", true, "the codepoint is the FEC Encoding ID", "RFC 6726, section 5"},
	{"B10", true, "the FEC OTI is possible", "RFC 5052, section 9.1"},
	{"C05", true, "all symbols but the last one of an object have the symbol length", "RFC 5445, section 3.2.2.2"},
	{"C07", true, "the reserved field of EXT_FTI is 0", "RFC 5445, section 3.2.2.2"},
	{"C10", true, "SBN and ESI are those of the object", "RFC 5445, section 3.4.2"},
	{"G01", true, "ROUTE: PSI says source or repair symbols only, CCI, TSI and TOI have 32 bits", "RFC 9223, section 2.1"},
	{"O01", true, "3GPP: CCI 0 of 32 bits, a TSI of 16 bits", "TS 26.346, section 7.2.7"},
	{"O02", true, "3GPP: EXT_FTI in packets of the FDT only, no EXT_CENC", "TS 26.346, section 7.2.8"},
}

// shownPackets is how many packet numbers are told of a rule that was broken.
const shownPackets = 8

// breach is how a session breaks a rule.
type breach struct {
	count   uint64
	packets []uint64
	detail  string // of the first
}

// breaches are those of a session, by rule id.
type breaches map[string]*breach

// add notes that packet number breaks the rule. detail is asked for the first time only.
func (b *breaches) add(id string, number uint64, detail func() string) {
	if *b == nil {
		*b = breaches{}
	}
	x := (*b)[id]
	if x == nil {
		x = &breach{}
		if detail != nil {
			x.detail = brief(detail())
		}
		(*b)[id] = x
	}
	x.count++
	if n := len(x.packets); number > 0 && n < shownPackets && (n == 0 || x.packets[n-1] != number) {
		x.packets = append(x.packets, number)
	}
}

// maxText is how long a text from the network may be in a report, in bytes.
const maxText = 300
