package fec

import (
	"encoding/binary"
	"fmt"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/drop"
)

// The content of EXT_FTI follows HET and HEL, so that with those two bytes it is a whole number of 32-bit words. All
// layouts begin with the Transfer Length, in 48 bits (RaptorQ: 40).

// errFTI is bare: it lies on the packet path.
var errFTI = drop.NewError(drop.OTI, "fec: EXT_FTI does not have the length of its FEC scheme")

// isShortRaptorFTI tells that layout by what cannot be in that of RFC 5053: N and Al are 0, and the reserved bits are
// not.
func isShortRaptorFTI(b []byte) bool {
	u16 := binary.BigEndian.Uint16
	return u16(b[6:]) != 0 && u16(b[12:]) == 0
}

// ftiLen returns the length of the content in bytes, without the scheme-specific tail of RFC 5445.
func (o *OTI) ftiLen() int {
	switch o.EncodingID {
	case ReedSolomonGF28:
		return 10
	case LDPCStaircase, LDPCTriangle:
		return 18
	default:
		return 14
	}
}

// hasTail reports whether RFC 5445, section 4.2.2.3, permits an instance-specific tail.
func (o *OTI) hasTail() bool { return o.EncodingID >= 128 }

// ParseFTI reads the content of EXT_FTI for scheme id, as far as the RFC defines it: reserved and padding bits are
// ignored, and so is what a tail of RFC 5445, section 4.2.2.3, says. The length must fit exactly. The result is not
// validated. Its error is bare and counts as [drop.OTI]; drop.ErrShortRaptorFTI names a fault of a known sender.
func ParseFTI(id EncodingID, content []byte) (OTI, error) {
	o := OTI{EncodingID: id}
	if !id.Known() {
		return OTI{}, errFTI
	}
	if n := o.ftiLen(); len(content) != n && !(o.hasTail() && validTail(content, n)) {
		return OTI{}, errFTI
	}
	b := content
	// Transfer Length: 48 bits
	o.TransferLength = uint64(binary.BigEndian.Uint16(b))<<32 | uint64(binary.BigEndian.Uint32(b[2:]))
	u16 := binary.BigEndian.Uint16
	switch id {
	case CompactNoCode: // RFC 5445, section 3.2.2.2: Reserved, Encoding Symbol Length, Maximum Source Block Length
		o.SymbolLength, o.MaxSourceBlockLength = u16(b[8:]), binary.BigEndian.Uint32(b[10:])
	case Raptor: // RFC 5053, sections 3.2.2 and 3.2.3: Reserved, T, Z, N, Al
		if isShortRaptorFTI(b) {
			return OTI{}, drop.ErrShortRaptorFTI
		}
		o.SymbolLength, o.SourceBlocks, o.SubBlocks, o.Alignment = u16(b[8:]), uint32(u16(b[10:])), uint16(b[12]), b[13]
	case ReedSolomonGF2m: // RFC 5510, section 4.2.4: m, G, E, B, max_n
		o.setFieldAndGroup(b[6], b[7])
		o.SymbolLength = u16(b[8:])
		o.MaxSourceBlockLength, o.MaxEncodingSymbols = uint32(u16(b[10:])), uint32(u16(b[12:]))
	case LDPCStaircase, LDPCTriangle: // RFC 5170, section 4.2.4: E, N1m3 (3), G (5), B (20), max_n (20), PRNG seed
		o.SymbolLength, o.N1, o.GroupSize = u16(b[6:]), b[8]>>5+3, b[8]&31
		o.MaxSourceBlockLength = uint32(b[9])<<12 | uint32(b[10])<<4 | uint32(b[11])>>4
		o.MaxEncodingSymbols = uint32(b[11]&15)<<16 | uint32(u16(b[12:]))
		o.Seed = binary.BigEndian.Uint32(b[14:])
	case ReedSolomonGF28: // RFC 5510, section 5.2.4: E, B, max_n
		o.SymbolLength, o.MaxSourceBlockLength, o.MaxEncodingSymbols = u16(b[6:]), uint32(b[8]), uint32(b[9])
	case RaptorQ: // RFC 6330, sections 3.3.2 and 3.3.3: F in 40 bits, Reserved, T, Z, N, Al
		o.TransferLength >>= 8
		o.SymbolLength, o.SourceBlocks, o.SubBlocks, o.Alignment = u16(b[6:]), uint32(b[8]), u16(b[9:]), b[11]
	case SmallBlockExpandable, Compact: // RFC 5445, section 4.2.2.2: FEC Instance ID, E, B
		o.InstanceID, o.SymbolLength = u16(b[6:]), u16(b[8:])
		o.MaxSourceBlockLength = binary.BigEndian.Uint32(b[10:])
	case SmallBlockSystematic: // RFC 5445, section 5.2.2.2: FEC Instance ID, E, B, max_n
		o.InstanceID, o.SymbolLength = u16(b[6:]), u16(b[8:])
		o.MaxSourceBlockLength, o.MaxEncodingSymbols = uint32(u16(b[10:])), uint32(u16(b[12:]))
	}
	return o, nil
}

// setFieldAndGroup sets m and G. 0 is "not given"; then the receiver "MUST assume" m = 8 and G = 1 (RFC 5510, section
// 4.2.3).
func (o *OTI) setFieldAndGroup(m, g byte) {
	o.FieldBits, o.GroupSize = m, max(1, g)
	o.FieldBits = byte(o.fieldBits())
}

// validTail reports whether content has, after n bytes, the Length octet of RFC 5445, section 4.2.2.3, and as much as
// it says: words of four octets including itself, or 0 and three bytes of padding.
func validTail(content []byte, n int) bool {
	if len(content) < n+4 {
		return false
	}
	return len(content) == n+4*max(1, int(content[n]))
}

// AppendFTI appends the content of EXT_FTI. Fields that are too large for the layout are cut: Validate before.
func (o *OTI) AppendFTI(b []byte) []byte {
	be := binary.BigEndian
	l := o.TransferLength
	if o.EncodingID == RaptorQ {
		l <<= 8
	}
	b = be.AppendUint16(b, uint16(l>>32))
	b = be.AppendUint32(b, uint32(l))
	switch o.EncodingID {
	case CompactNoCode:
		b = be.AppendUint16(be.AppendUint16(b, 0), o.SymbolLength)
		b = be.AppendUint32(b, o.MaxSourceBlockLength)
	case Raptor:
		b = be.AppendUint16(be.AppendUint16(b, 0), o.SymbolLength)
		b = append(be.AppendUint16(b, uint16(o.SourceBlocks)), byte(o.SubBlocks), o.Alignment)
	case ReedSolomonGF2m:
		b = be.AppendUint16(append(b, byte(o.fieldBits()), max(1, o.GroupSize)), o.SymbolLength)
		b = be.AppendUint16(be.AppendUint16(b, uint16(o.MaxSourceBlockLength)), uint16(o.MaxEncodingSymbols))
	case LDPCStaircase, LDPCTriangle:
		b = append(be.AppendUint16(b, o.SymbolLength), (o.N1-3)<<5|o.GroupSize&31, byte(o.MaxSourceBlockLength>>12))
		b = be.AppendUint32(b, o.MaxSourceBlockLength<<20|o.MaxEncodingSymbols&(1<<20-1))
		b = be.AppendUint32(b, o.Seed)
	case ReedSolomonGF28:
		b = append(be.AppendUint16(b, o.SymbolLength), byte(o.MaxSourceBlockLength), byte(o.MaxEncodingSymbols))
	case RaptorQ:
		b = append(be.AppendUint16(b, o.SymbolLength), byte(o.SourceBlocks))
		b = append(be.AppendUint16(b, o.SubBlocks), o.Alignment, 0, 0)
	case SmallBlockExpandable, Compact:
		b = be.AppendUint16(be.AppendUint16(b, o.InstanceID), o.SymbolLength)
		b = be.AppendUint32(b, o.MaxSourceBlockLength)
	case SmallBlockSystematic:
		b = be.AppendUint16(be.AppendUint16(b, o.InstanceID), o.SymbolLength)
		b = be.AppendUint16(be.AppendUint16(b, uint16(o.MaxSourceBlockLength)), uint16(o.MaxEncodingSymbols))
	}
	return b
}

// SchemeSpecificInfo returns the encoded scheme-specific FEC OTI, which an FDT Instance carries in base64 as
// FEC-OTI-Scheme-Specific-Info; nil when the scheme has none or it holds only defaults.
func (o *OTI) SchemeSpecificInfo() []byte {
	be := binary.BigEndian
	switch o.EncodingID {
	case Raptor:
		return append(be.AppendUint16(nil, uint16(o.SourceBlocks)), byte(o.SubBlocks), o.Alignment)
	case RaptorQ:
		return append(be.AppendUint16([]byte{byte(o.SourceBlocks)}, o.SubBlocks), o.Alignment)
	case ReedSolomonGF2m:
		if o.fieldBits() == 8 && o.GroupSize <= 1 {
			return nil
		}
		return []byte{byte(o.fieldBits()), max(1, o.GroupSize)}
	case LDPCStaircase, LDPCTriangle:
		return append(be.AppendUint32(nil, o.Seed), (o.N1-3)<<5|o.GroupSize&31)
	default:
		return nil
	}
}

// SetSchemeSpecificInfo reads what SchemeSpecificInfo returns. An empty b leaves o as it is.
func (o *OTI) SetSchemeSpecificInfo(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	be := binary.BigEndian
	switch {
	case o.EncodingID == Raptor && len(b) == 4:
		o.SourceBlocks, o.SubBlocks, o.Alignment = uint32(be.Uint16(b)), uint16(b[2]), b[3]
	case o.EncodingID == RaptorQ && len(b) == 4:
		o.SourceBlocks, o.SubBlocks, o.Alignment = uint32(b[0]), be.Uint16(b[1:]), b[3]
	case o.EncodingID == ReedSolomonGF2m && len(b) == 2:
		o.setFieldAndGroup(b[0], b[1])
	case (o.EncodingID == LDPCStaircase || o.EncodingID == LDPCTriangle) && len(b) == 5:
		o.Seed, o.N1, o.GroupSize = be.Uint32(b), b[4]>>5+3, b[4]&31
	case o.EncodingID >= 128 && validTail(b, 0):
		// Instance-specific: nothing that is defined here.
	default:
		return fmt.Errorf("fec: %v: FEC-OTI-Scheme-Specific-Info of %d bytes: %w", o.EncodingID, len(b), flute.ErrOTI)
	}
	return nil
}
