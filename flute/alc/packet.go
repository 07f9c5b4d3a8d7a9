package alc

import (
	"bytes"
	"encoding/binary"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/internal/drop"
)

// Errors of [Parse], besides those of package lct. They are returned bare.
var (
	ErrNoTOI        = drop.NewError(drop.NoTOI, "alc: payload without TOI")
	ErrNoInstanceID = drop.NewError(drop.NoInstanceID, "alc: payload with TOI 0 and without EXT_FDT")
	ErrAmbiguous    = drop.NewError(drop.Extension, "alc: header extension repeated with other content")
)

// Packet is an ALC packet (RFC 5775, section 4.1). Its slices are views into the datagram.
//
//	+-------------------------------+
//	|          LCT header           |
//	+-------------------------------+
//	|        FEC Payload ID         |  \ Body
//	|      encoding symbol(s)       |  /
//	+-------------------------------+
type Packet struct {
	lct.Header
	HasFDT       bool             // EXT_FDT (RFC 6726, section 3.4.1)
	FLUTEVersion uint8            // V of EXT_FDT: 4 bits, 2 for RFC 6726, 1 for RFC 3926; unchecked
	InstanceID   flute.InstanceID // FDT Instance ID of EXT_FDT
	HasCENC      bool             // EXT_CENC (RFC 6726, section 3.4.3)
	CENC         uint8            // content encoding of the FDT Instance, as flute.ContentEncoding has it; unchecked
	FTI          []byte           // content of EXT_FTI for fec.ParseFTI; nil without EXT_FTI
	HasLength    bool             // of ROUTE: EXT_TOL or EXT_FTI
	Length       uint64           // of ROUTE: bytes of the object
	HasOffset    bool             // of ROUTE: the Body has no FEC Payload ID in front; its user sets it
	Offset       uint32           // of ROUTE: start_offset, where the bytes of the Body begin in the object
	Time         []byte           // content of EXT_TIME for lct.ParseTime; nil without EXT_TIME
	Auth         []byte           // content of EXT_AUTH; nil without EXT_AUTH
	Body         []byte           // FEC Payload ID and encoding symbols; empty for a data-less packet
}

// Parse reads an ALC packet from a datagram and checks what can be checked without knowing the session. Its errors are
// ErrNoTOI, ErrNoInstanceID, ErrAmbiguous and those of [lct.Parse], all bare. It allocates nothing.
func Parse(b []byte) (Packet, error) { return ParseLayout(b, lct.RFC5651) }

// ParseLayout is Parse for an LCT header in layout l: [lct.RFC3451] for sessions of FLUTE version 1 whose headers carry
// SCT and ERT.
func ParseLayout(b []byte, l lct.Layout) (p Packet, err error) {
	err = p.Parse(b, l)
	return p, err
}

// Parse is [ParseLayout] into p, which is the zero Packet after an error: a Packet is large, and this copies none.
func (p *Packet) Parse(b []byte, l lct.Layout) error {
	*p = Packet{}
	if err := p.read(b, l); err != nil {
		*p = Packet{}
		return err
	}
	return nil
}

func (p *Packet) read(b []byte, l lct.Layout) error {
	n, err := l.ParseTo(&p.Header, b)
	if err != nil {
		return err
	}
	// RFC 5775, section 4.1: "the length of the TSI field within the LCT header is REQUIRED to be non-zero".
	if !p.HasTSI {
		return lct.ErrNoTSI
	}
	p.Body = b[n:len(b):len(b)]
	if len(p.Extensions) > 0 {
		if err = p.readExtensions(); err != nil {
			return err
		}
	}
	if len(p.Body) == 0 {
		return nil
	}
	// RFC 6726, section 3.1: "The TOI field MUST be included"; only a data-less packet goes without it.
	if !p.HasTOI {
		return ErrNoTOI
	}
	if p.TOI.IsFDT() && !p.HasFDT {
		// RFC 6726, section 3.3: "Any ALC/LCT packet carrying an FDT Instance MUST include EXT_FDT."
		if !p.closesOnly() {
			return ErrNoInstanceID
		}
		p.Body = nil
	}
	return nil
}

// closesOnly recognises how flute-rs up to 1.11.0 closes a session: A, TOI 0, and the FEC Payload ID of a No-Code
// packet without a symbol behind it. It carries nothing for any object, so that RFC 6726, section 3.1, wants it
// data-less.
func (p *Packet) closesOnly() bool {
	const payloadIDLen = 4
	return p.CloseSession && p.Codepoint == 0 && len(p.Body) == payloadIDLen
}

// readExtensions fills in the known extensions; others are left to the user of p.Extensions. One that comes twice must
// say the same twice: else two receivers would read two things in one packet.
func (p *Packet) readExtensions() error {
	for rest := p.Extensions; ; {
		x, next, ok := rest.Next()
		if !ok {
			return nil
		}
		rest = next
		switch x.Type {
		case lct.HETFDT:
			// Version of FLUTE (V): 4 bits, FDT Instance ID: 20 bits
			v := binary.BigEndian.Uint32(x.Raw)
			version, id := uint8(v>>20&0xf), flute.InstanceID(v)&flute.MaxInstanceID
			if p.HasFDT && (p.FLUTEVersion != version || p.InstanceID != id) {
				return ErrAmbiguous
			}
			p.HasFDT, p.FLUTEVersion, p.InstanceID = true, version, id
		case lct.HETCENC:
			// Content Encoding Algorithm (CENC): 8 bits; Reserved: 16 bits, ignored
			if p.HasCENC && p.CENC != x.Raw[1] {
				return ErrAmbiguous
			}
			p.HasCENC, p.CENC = true, x.Raw[1]
		case lct.HETFTI:
			if p.FTI != nil && !bytes.Equal(p.FTI, x.Content()) {
				return ErrAmbiguous
			}
			p.FTI = x.Content()
		case lct.HETTime:
			if p.Time == nil {
				p.Time = x.Content()
			}
		case lct.HETAuth:
			if p.Auth == nil {
				p.Auth = x.Content()
			}
		}
	}
}

// AppendCloseSession appends the data-less packet that ends session tsi: flag A, and no TOI. It has 12 bytes, or 16 for
// a TSI of more than 32 bits, whose half-word brings a TOI field of 0 along. tsi is at most [flute.MaxTSI].
func AppendCloseSession(b []byte, tsi flute.TSI) []byte {
	const version = lct.Version << 4
	const s, h, a = 0x80, 0x10, 0x02
	if tsi <= 1<<32-1 {
		b = append(b, version, s|a, 3, 0, 0, 0, 0, 0)
		return binary.BigEndian.AppendUint32(b, uint32(tsi))
	}
	b = append(b, version, s|h|a, 4, 0, 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(tsi>>16))
	return binary.BigEndian.AppendUint32(b, uint32(tsi)<<16)
}
