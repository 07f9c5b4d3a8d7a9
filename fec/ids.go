package fec

import "fmt"

// EncodingID is an FEC Encoding ID (RFC 5052, section 6.1).
type EncodingID uint8

// The FEC Encoding IDs whose wire formats this package knows.
const (
	CompactNoCode        EncodingID = 0   // RFC 5445, section 3
	Raptor               EncodingID = 1   // RFC 5053
	ReedSolomonGF2m      EncodingID = 2   // RFC 5510, section 4
	LDPCStaircase        EncodingID = 3   // RFC 5170
	LDPCTriangle         EncodingID = 4   // RFC 5170
	ReedSolomonGF28      EncodingID = 5   // RFC 5510, section 5
	RaptorQ              EncodingID = 6   // RFC 6330
	SmallBlockExpandable EncodingID = 128 // RFC 5445, section 4
	SmallBlockSystematic EncodingID = 129 // RFC 5445, section 5
	Compact              EncodingID = 130 // RFC 5445, section 6
)

// SBN is a source block number.
type SBN uint32

// ESI is an encoding symbol ID, within its source block.
type ESI uint32

// String returns the name of the scheme.
func (id EncodingID) String() string {
	switch id {
	case CompactNoCode:
		return "no-code"
	case Raptor:
		return "raptor"
	case ReedSolomonGF2m:
		return "rs-gf2m"
	case LDPCStaircase:
		return "ldpc-staircase"
	case LDPCTriangle:
		return "ldpc-triangle"
	case ReedSolomonGF28:
		return "rs"
	case RaptorQ:
		return "raptorq"
	case SmallBlockExpandable:
		return "small-block-expandable"
	case SmallBlockSystematic:
		return "small-block-systematic"
	case Compact:
		return "compact"
	}
	return fmt.Sprintf("fec(%d)", uint8(id))
}

// FullySpecified reports whether the ID alone names the code. Under-specified schemes, 128 to 255, also need an FEC
// Instance ID (RFC 5052, section 6.1).
func (id EncodingID) FullySpecified() bool { return id < 128 }

// Known reports whether this package knows the wire formats of the scheme.
func (id EncodingID) Known() bool {
	switch id {
	case CompactNoCode, Raptor, ReedSolomonGF2m, LDPCStaircase, LDPCTriangle, ReedSolomonGF28, RaptorQ,
		SmallBlockExpandable, SmallBlockSystematic, Compact:
		return true
	}
	return false
}

// PayloadID is an FEC Payload ID (RFC 5052, section 6.3): which encoding symbol of which source block comes first in
// the packet.
type PayloadID struct {
	SBN               SBN
	ESI               ESI
	SourceBlockLength uint16 // symbols; carried by scheme 129 only
}
