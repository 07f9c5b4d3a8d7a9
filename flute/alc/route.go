package alc

import (
	"encoding/binary"

	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/internal/drop"
)

// The header extensions of ROUTE that carry a Transfer Length, EXT_TOL (ATSC A/331, annex A; RFC 9223, section 2.2).
const (
	hetTOL24 = 194 // 24 bits, in the one word of the extension
	hetTOL48 = 67  // 48 bits, in two words
)

// spi is the Source Packet Indicator in PSI: the packet has source symbols (RFC 9223, section 2.1).
const spi = 2

// errRepair: a packet of a repair flow.
var errRepair = drop.NewError(drop.Refused, "alc: a repair packet of ROUTE")

// ParseROUTE is [Parse] for a packet of ROUTE (RFC 9223), which differs in three things. TOI 0 needs no EXT_FDT. The
// length of the object is in EXT_TOL or EXT_FTI, of which nothing else counts: both come as Length, and FTI stays nil.
// Repair packets are refused. What the Body begins with is left to the session, which knows the codepoints.
func (p *Packet) ParseROUTE(b []byte) error {
	*p = Packet{}
	if err := p.readROUTE(b); err != nil {
		*p = Packet{}
		return err
	}
	return nil
}

func (p *Packet) readROUTE(b []byte) error {
	n, err := lct.RFC5651.ParseTo(&p.Header, b)
	if err != nil {
		return err
	}
	if !p.HasTSI {
		return lct.ErrNoTSI
	}
	if p.Body = b[n:len(b):len(b)]; len(p.Body) > 0 && !p.HasTOI {
		return ErrNoTOI
	}
	if len(p.Body) > 0 && p.PSI&spi == 0 {
		return errRepair
	}
	if err := p.readExtensions(); err != nil {
		return err
	}
	for rest := p.Extensions; ; {
		x, next, ok := rest.Next()
		if !ok {
			break
		}
		rest = next
		switch c := x.Content(); {
		case x.Type == hetTOL24:
			err = p.length(uint64(c[0])<<16 | uint64(binary.BigEndian.Uint16(c[1:])))
		case x.Type == hetTOL48 && len(c) >= 6, x.Type == lct.HETFTI && len(c) >= 6:
			// EXT_FTI of Compact No-Code begins with the Transfer Length (RFC 5445, section 3.2.2.1).
			err = p.length(uint64(binary.BigEndian.Uint16(c))<<32 | uint64(binary.BigEndian.Uint32(c[2:])))
		}
		if err != nil {
			return err
		}
	}
	p.FTI = nil
	return nil
}

// length notes the length of the object; a packet has one.
func (p *Packet) length(n uint64) error {
	if p.HasLength && p.Length != n {
		return ErrAmbiguous
	}
	p.HasLength, p.Length = true, n
	return nil
}
