package route

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/flute-node/flute-node/flute"
)

// Flow is what an S-TSID says of a source flow (RFC 9223, section 3.2; ATSC A/331).
type Flow struct {
	Group    netip.AddrPort // of its ROUTE session; zero: that which brings the S-TSID
	TSI      flute.TSI
	EFDT     *EFDT             // nil: absent
	Payloads map[uint8]Payload // by codepoint
}

const (
	maxFlows   = 1024 // source flows of one S-TSID, and parts of a package
	maxNesting = 3    // packages, one in another
)

// The media type of an S-TSID in a package, and that of its root element.
const (
	typeSTSID    = "application/route-s-tsid+xml"
	elementSTSID = "S-TSID"
)

// ParseSignalling reads the S-TSID in b: service-layer signalling that is an S-TSID, or a package (multipart/related)
// with one. It returns none if b is neither. expires is the Expires of extended FDT Instances that have none.
func ParseSignalling(b []byte, expires uint32) ([]Flow, error) {
	var unread error // another document of a package does no harm to the S-TSID behind it
	for _, document := range parts(b, 0) {
		if !bytes.Contains(document, []byte(elementSTSID)) {
			continue
		}
		root, err := parseTree(document)
		if err != nil {
			unread = cmp.Or(unread, err)
		} else if root.name.Local == elementSTSID {
			return flowsOf(root, expires)
		}
	}
	return nil, unread
}

// parts returns the documents in b: b itself, or those of a package that may be S-TSIDs.
func parts(b []byte, depth int) [][]byte {
	if trimmed := bytes.TrimSpace(b); bytes.HasPrefix(trimmed, []byte("<")) {
		return [][]byte{trimmed}
	}
	h, err := ParseHead(b)
	if err != nil {
		return nil
	}
	kind, _, _ := strings.Cut(h.Type, ";")
	body := b[h.Len:]
	switch kind = strings.ToLower(strings.TrimSpace(kind)); {
	case kind == typeSTSID:
		return [][]byte{bytes.TrimSpace(body)}
	case !strings.HasPrefix(kind, "multipart/") || depth >= maxNesting:
		return nil
	}
	boundary := boundaryOf(h.Type)
	if boundary == "" {
		return nil
	}
	var found [][]byte
	for i, part := range bytes.Split(body, []byte("--"+boundary)) {
		if i > 0 && i <= maxFlows { // what stands before the first is a preamble
			found = append(found, parts(bytes.TrimLeft(part, "\r\n"), depth+1)...)
		}
	}
	return found
}

// boundaryOf returns the boundary parameter of a Content-Type.
func boundaryOf(contentType string) string {
	for p := range strings.SplitSeq(contentType, ";") {
		if name, value, ok := strings.Cut(strings.TrimSpace(p), "="); ok && strings.EqualFold(name, "boundary") {
			return strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return ""
}

// flowsOf reads an S-TSID: RS elements (ROUTE sessions) with LS elements (LCT channels) with a SrcFlow.
func flowsOf(root *node, expires uint32) ([]Flow, error) {
	var flows []Flow
	written := 0 // bytes of their documents, which are kept
	for _, rs := range root.children {
		if rs.name.Local != "RS" {
			continue
		}
		group, err := groupOf(rs)
		if err != nil {
			return nil, err
		}
		for _, ls := range rs.children {
			source := ls.child("SrcFlow")
			if ls.name.Local != "LS" || source == nil {
				continue
			}
			text, _ := ls.attr("tsi")
			tsi, err := strconv.ParseUint(text, 10, 32)
			if err != nil {
				return nil, fmt.Errorf("%w: tsi %.40q", errDocument, text)
			}
			f := Flow{Group: group, TSI: flute.TSI(tsi), Payloads: payloadsOf(source)}
			e := source.child(elementEFDT)
			if e == nil {
				e = source.child(elementFDT)
			}
			if e != nil {
				if f.EFDT, err = efdtOf(e, expires); err != nil {
					return nil, err
				}
				if written += f.EFDT.Len(); written > maxWritten {
					return nil, fmt.Errorf("%w: its FDT Instances have more than %d bytes", errDocument, maxWritten)
				}
			}
			if flows = append(flows, f); len(flows) > maxFlows {
				return nil, fmt.Errorf("%w: more than %d source flows", errDocument, maxFlows)
			}
		}
	}
	return flows, nil
}

// groupOf returns the destination of a ROUTE session; zero if it is that of the S-TSID.
func groupOf(rs *node) (netip.AddrPort, error) {
	address, ok := rs.attr("dIpAddr")
	if !ok {
		return netip.AddrPort{}, nil
	}
	port, _ := rs.attr("dPort")
	a, err := netip.ParseAddr(address)
	n, errPort := strconv.ParseUint(port, 10, 16)
	if err != nil || errPort != nil {
		return netip.AddrPort{}, fmt.Errorf("%w: destination %.60q, port %.10q", errDocument, address, port)
	}
	return netip.AddrPortFrom(a, uint16(n)), nil
}

// payloadsOf reads the Payload elements of a SrcFlow.
func payloadsOf(source *node) map[uint8]Payload {
	payloads := map[uint8]Payload{}
	for _, c := range source.children {
		if c.name.Local != "Payload" {
			continue
		}
		number := func(name string, or uint64) uint64 {
			text, ok := c.attr(name)
			if n, err := strconv.ParseUint(text, 10, 8); ok && err == nil {
				return n
			}
			return or
		}
		codepoint := uint8(number("codePoint", 0))
		p := PayloadOf(codepoint)
		p.Mode = Mode(number("formatId", uint64(p.Mode)))
		p.ID = PayloadID(number("srcFecPayloadId", uint64(p.ID)))
		if fec := c.child("FECParameters"); fec != nil {
			p.SymbolLength = symbolLength(fec)
		}
		if p.ID != SymbolID || p.SymbolLength > 0 {
			payloads[codepoint] = p
		}
	}
	return payloads
}

// symbolLength returns T of the fecOTI of FECParameters, as RFC 6330, section 3.3.2, has it; 0 if there is none.
func symbolLength(fec *node) uint16 {
	text, ok := fec.attr("fecOTI")
	if c := fec.child("FECOTI", "fecOTI"); !ok && c != nil {
		text = strings.TrimSpace(string(c.text))
	}
	oti, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(oti) < 8 {
		return 0
	}
	return binary.BigEndian.Uint16(oti[6:])
}
