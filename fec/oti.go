package fec

import (
	"fmt"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/ceil"
)

// OTI is the FEC Object Transmission Information of one object (RFC 5052, section 6.2). It is comparable. Fields that
// the scheme does not have are zero.
type OTI struct {
	EncodingID           EncodingID
	InstanceID           uint16 // FEC Instance ID: under-specified schemes only
	TransferLength       uint64 // bytes of the object, after content encoding
	SymbolLength         uint16 // E or T, bytes
	MaxSourceBlockLength uint32 // B, symbols
	MaxEncodingSymbols   uint32 // max_n, symbols of a block, source and repair
	SourceBlocks         uint32 // Z: Raptor and RaptorQ
	SubBlocks            uint16 // N: Raptor and RaptorQ
	Alignment            uint8  // Al, bytes: Raptor and RaptorQ
	FieldBits            uint8  // m: Reed-Solomon over GF(2^m); 8 when not given
	// G, symbols of a packet: on the wire with Reed-Solomon over GF(2^m) and LDPC; a sender may group those of Raptor
	// and RaptorQ too
	GroupSize uint8
	N1        uint8  // N1, the degree of source symbols: LDPC
	Seed      uint32 // of the pseudo-random number generator: LDPC
}

// otiError says which field of an OTI is wrong.
type otiError struct {
	id    EncodingID
	field string // as the RFC calls it
	value uint64
	want  string
}

// Error implements error.
func (e *otiError) Error() string {
	return fmt.Sprintf("fec: %v: %s is %d, must be %s", e.id, e.field, e.value, e.want)
}

// Unwrap returns [flute.ErrOTI].
func (e *otiError) Unwrap() error { return flute.ErrOTI }

// fieldBits returns m: 8 when the sender left it out (RFC 5510, section 4.2.3).
func (o *OTI) fieldBits() uint {
	if o.FieldBits == 0 {
		return 8
	}
	return uint(o.FieldBits)
}

// usesPartitionZ reports whether the source blocks come from Z (RFC 5053 and 6330) and not from B (RFC 5052, section
// 9.1).
func (o *OTI) usesPartitionZ() bool { return o.EncodingID == Raptor || o.EncodingID == RaptorQ }

// Validate checks the OTI against the limits of its scheme: what the RFC permits and what can be computed with safely.
// Nothing is allocated. The error names the field as the RFC does, and wraps [flute.ErrOTI]. An object of no bytes
// needs no more than a known scheme and a length of 0.
func (o *OTI) Validate() error {
	if !o.EncodingID.Known() {
		return o.wrong("FEC Encoding ID", uint64(o.EncodingID), "known")
	}
	if o.EncodingID.FullySpecified() && o.InstanceID != 0 {
		return o.wrong("FEC Instance ID", uint64(o.InstanceID), "absent: the scheme is fully specified")
	}
	if o.EncodingID == ReedSolomonGF2m && (o.fieldBits() < 2 || o.fieldBits() > 16) {
		return o.wrong("m", uint64(o.FieldBits), "2 to 16")
	}
	l := o.Limits()
	if o.TransferLength > l.TransferLength {
		return o.wrong("Transfer-Length", o.TransferLength, fmt.Sprintf("at most %d", l.TransferLength))
	}
	if o.TransferLength == 0 {
		return nil
	}
	if o.SymbolLength == 0 {
		return o.wrong("Encoding-Symbol-Length", 0, "positive")
	}
	if o.usesPartitionZ() {
		return o.validateZ(l)
	}
	return o.validateB(l)
}

// validateB checks a scheme that is partitioned by its largest source block length.
func (o *OTI) validateB(l Limits) error {
	b, symbols := o.MaxSourceBlockLength, ceil.Div(o.TransferLength, uint64(o.SymbolLength))
	if b == 0 {
		return o.wrong("Maximum-Source-Block-Length", 0, "positive")
	}
	blocks := ceil.Div(symbols, uint64(b))
	if blocks > l.Blocks {
		return o.wrong("number of source blocks", blocks, fmt.Sprintf("at most %d", l.Blocks))
	}
	if o.EncodingID == CompactNoCode || o.EncodingID == Compact {
		// B has 32 bits, an ESI 16: senders announce more than a block can have. What counts is what its blocks do
		// have.
		if k := ceil.Div(symbols, blocks); k > uint64(l.MaxBlockSymbols) {
			return o.wrong("source block length", k, fmt.Sprintf("at most %d", l.MaxBlockSymbols))
		}
	} else if b > l.MaxBlockSymbols {
		return o.wrong("Maximum-Source-Block-Length", uint64(b), fmt.Sprintf("at most %d", l.MaxBlockSymbols))
	}
	if o.hasMaxN() && (o.MaxEncodingSymbols < b || o.MaxEncodingSymbols > l.Symbols) {
		return o.wrong("Max-Number-of-Encoding-Symbols", uint64(o.MaxEncodingSymbols),
			fmt.Sprintf("from the Maximum-Source-Block-Length, %d, to %d", b, l.Symbols))
	}
	switch o.EncodingID {
	case ReedSolomonGF2m:
		if uint(o.SymbolLength)*8%o.fieldBits() != 0 {
			return o.wrong("Encoding-Symbol-Length", uint64(o.SymbolLength), fmt.Sprintf("a multiple of %d bits",
				o.fieldBits()))
		}
	case LDPCStaircase, LDPCTriangle:
		return o.validateLDPC()
	default:
	}
	return nil
}

func (o *OTI) validateLDPC() error {
	switch {
	case o.N1 < 3 || o.N1 > 10:
		return o.wrong("N1", uint64(o.N1), "3 to 10")
	case o.Seed == 0 || o.Seed > maxLDPCSeed:
		return o.wrong("PRNG seed", uint64(o.Seed), fmt.Sprintf("1 to %d", maxLDPCSeed))
	case o.GroupSize == 0 || o.GroupSize > 31:
		return o.wrong("G", uint64(o.GroupSize), "1 to 31")
	}
	return nil
}

// validateZ checks Raptor and RaptorQ.
func (o *OTI) validateZ(l Limits) error {
	t, kt := uint64(o.SymbolLength), ceil.Div(o.TransferLength, uint64(o.SymbolLength))
	switch {
	case o.Alignment == 0 || t%uint64(o.Alignment) != 0:
		return o.wrong("Al", uint64(o.Alignment), "a divisor of the symbol length")
	case o.SubBlocks == 0 || uint64(o.SubBlocks) > t/uint64(o.Alignment):
		return o.wrong("N", uint64(o.SubBlocks), "1 to T/Al")
	case o.EncodingID == Raptor && o.SubBlocks > maxRaptorN:
		return o.wrong("N", uint64(o.SubBlocks), fmt.Sprintf("at most %d", maxRaptorN))
	case o.SourceBlocks == 0 || uint64(o.SourceBlocks) > l.Blocks:
		return o.wrong("Z", uint64(o.SourceBlocks), fmt.Sprintf("1 to %d", l.Blocks))
	}
	z := uint64(o.SourceBlocks) // beyond Kt the source blocks are empty: they do not exist
	if k := ceil.Div(kt, z); k > uint64(l.MaxBlockSymbols) {
		return o.wrong("source block length", k, fmt.Sprintf("at most %d", l.MaxBlockSymbols))
	}
	if k := kt / z; o.EncodingID == Raptor && k < uint64(l.MinBlockSymbols) {
		return o.wrong("source block length", k,
			fmt.Sprintf("at least %d: take shorter symbols or fewer source blocks", l.MinBlockSymbols))
	}
	return nil
}

func (o *OTI) wrong(field string, value uint64, want string) error {
	return &otiError{o.EncodingID, field, value, want}
}

// IsRateless reports whether the code has more repair symbols than any sender needs, so that each transfer can bring
// new ones: Raptor and RaptorQ.
func (o *OTI) IsRateless() bool { return o.usesPartitionZ() }

// MaxESI returns how many encoding symbols, source and repair, a receiver accepts for a source block of k source
// symbols: ESIs are below it. For Reed-Solomon it is max_n and not what the n-algorithm gives for k, since senders in
// the field do not follow it for short blocks (RFC 5510, section 6.2).
func (o *OTI) MaxESI(k uint32) uint32 {
	switch o.EncodingID {
	case CompactNoCode:
		return k
	case ReedSolomonGF28, ReedSolomonGF2m, SmallBlockSystematic:
		return max(k, o.MaxEncodingSymbols)
	case LDPCStaircase, LDPCTriangle:
		return k + o.RepairSymbols(k) // RFC 5170, section 5.5: the code itself depends on n
	default:
		return o.Limits().Symbols
	}
}

// RepairSymbols returns how many repair symbols a sender makes for a source block of k source symbols by the
// n-algorithm: floor(k * max_n / B) - k (RFC 5510, section 6.2; RFC 5170, section 5.5). It is 0 for a scheme without
// max_n.
func (o *OTI) RepairSymbols(k uint32) uint32 {
	if o.MaxSourceBlockLength == 0 || o.MaxEncodingSymbols <= o.MaxSourceBlockLength || !o.hasMaxN() {
		return 0
	}
	n := uint64(k) * uint64(o.MaxEncodingSymbols) / uint64(o.MaxSourceBlockLength)
	return uint32(min(n, 1<<32-1)) - k
}
