package sender

import (
	"cmp"
	"fmt"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/ceil"
	"github.com/flute-node/flute-node/internal/defaults"
)

// The defaults of Config.OTI.
const (
	// defaultSourceBlockLength is in source symbols; short blocks keep memory low and repair local.
	defaultSourceBlockLength = 64
	// defaultLDPCBlockLength is in source symbols: shorter blocks need more symbols than they have to be decoded.
	defaultLDPCBlockLength = 1000
	// defaultAlignment is Al of Raptor and RaptorQ: "RECOMMENDED value of 4" (RFC 5053, section 4.3).
	defaultAlignment = 4
	// defaultN1 is the degree of LDPC source symbols: with it receivers that solve equations, as those of this project
	// do, need 0.2 % more symbols than there are source symbols; with 3, 4 %.
	defaultN1 = 7
	// minLDPCSymbols is the least length of a source block of LDPC that is made on purpose: in shorter ones all symbols
	// are much the same sums.
	minLDPCSymbols = 8
	// fewSymbols is how many source symbols a small object has at most: the symbols of a longer one would not become
	// much shorter.
	fewSymbols = 4
)

// complete returns o with defaults in its zero fields, for an object of length bytes.
func complete(o fec.OTI, length, maxBlockBytes uint64) fec.OTI {
	o.SymbolLength = cmp.Or(o.SymbolLength, defaults.SymbolLength)
	o.TransferLength = length
	switch o.EncodingID {
	case fec.Raptor:
		return completeZ(fitRaptor(o), maxBlockBytes)
	case fec.RaptorQ:
		return completeZ(fitSymbols(o), maxBlockBytes)
	case fec.ReedSolomonGF28, fec.SmallBlockSystematic, fec.ReedSolomonGF2m:
		o.MaxSourceBlockLength = cmp.Or(o.MaxSourceBlockLength, defaultSourceBlockLength)
		if o.EncodingID == fec.ReedSolomonGF2m {
			o.FieldBits = cmp.Or(o.FieldBits, 8)
			o.GroupSize = cmp.Or(o.GroupSize, 1)
		}
		o = fitSymbols(o)
		if b := o.MaxSourceBlockLength; o.MaxEncodingSymbols == 0 {
			o.MaxEncodingSymbols = max(b, min(o.Limits().Symbols, b+(b+3)/4))
		}
		if o.EncodingID == fec.ReedSolomonGF2m {
			o = lengthen(o)
		}
	case fec.LDPCStaircase, fec.LDPCTriangle:
		return completeLDPC(fitLDPC(o))
	default:
		o.MaxSourceBlockLength = cmp.Or(o.MaxSourceBlockLength, defaultSourceBlockLength)
		if o.EncodingID == fec.CompactNoCode {
			o = lengthen(o)
		}
	}
	return o
}

// lengthen makes the source blocks of a very long object so long that their SBNs suffice.
func lengthen(o fec.OTI) fec.OTI {
	least := ceil.Div(ceil.Div(o.TransferLength, uint64(o.SymbolLength)), o.Limits().Blocks)
	if b := uint64(o.MaxSourceBlockLength); least > b && least < 1<<20 { // more is for Validate to refuse
		o.MaxEncodingSymbols = uint32(ceil.Div(uint64(o.MaxEncodingSymbols)*least, b))
		o.MaxSourceBlockLength = uint32(least)
	}
	return o
}

// shorten gives an object of less than one whole source block of Reed-Solomon a B of its own, and its share of repair
// symbols, at least one: the n-algorithm rounds down, to none for a short block (RFC 5510, section 6.2).
func shorten(o fec.OTI) fec.OTI {
	switch o.EncodingID {
	case fec.ReedSolomonGF28, fec.SmallBlockSystematic, fec.ReedSolomonGF2m:
	default:
		return o
	}
	b := uint64(o.MaxSourceBlockLength)
	k := min(ceil.Div(o.TransferLength, uint64(o.SymbolLength)), b)
	if more := uint64(o.MaxEncodingSymbols) - b; k > 0 && uint64(o.MaxEncodingSymbols) > b {
		o.MaxSourceBlockLength, o.MaxEncodingSymbols = uint32(k), uint32(k+ceil.Div(k*more, b))
	}
	return o
}

// fitRaptor makes the symbols of a small object so short that its source block has the four that Raptor needs: "T, in
// units of octets, and the value of N, Z ... [are] chosen" by the sender (RFC 5053, section 4.2). An object of less
// than four bytes has no source block of Raptor at all; it goes uncoded.
func fitRaptor(o fec.OTI) fec.OTI {
	f, least := o.TransferLength, uint64(o.Limits().MinBlockSymbols)
	if f == 0 || f > (least-1)*uint64(o.SymbolLength) {
		return o
	}
	if f < least {
		return uncoded(o)
	}
	al := uint64(cmp.Or(o.Alignment, defaultAlignment))
	if f < least*al {
		al = 1
	}
	t := f / least / al * al
	o.SymbolLength, o.Alignment = uint16(t), uint8(al)
	o.SubBlocks = uint16(min(uint64(cmp.Or(o.SubBlocks, 1)), t/al))
	o.SourceBlocks = 1
	return o
}

// fitSymbols makes the symbols of a small object of Reed-Solomon or RaptorQ as short as their number permits. Each
// repair symbol is as long as they are: with long ones a file of some bytes takes kilobytes.
func fitSymbols(o fec.OTI) fec.OTI {
	k := ceil.Div(o.TransferLength, uint64(o.SymbolLength))
	if k == 0 || k > fewSymbols {
		return o
	}
	unit := uint64(1) // a symbol has whole elements of GF(2^m) (RFC 5510, section 8.4), or of Al
	switch {
	case o.EncodingID == fec.RaptorQ:
		unit = uint64(cmp.Or(o.Alignment, defaultAlignment))
	case o.EncodingID == fec.ReedSolomonGF2m:
		for unit*8%uint64(o.FieldBits) != 0 {
			unit++
		}
	}
	t := ceil.Div(ceil.Div(o.TransferLength, k), unit) * unit
	if t < uint64(o.SymbolLength) {
		o.SymbolLength = uint16(t)
		o.SubBlocks = uint16(min(uint64(o.SubBlocks), t/unit)) // each sub-symbol has Al bytes at least
	}
	return o
}

// uncoded returns the OTI of an object that is too short for its code.
func uncoded(o fec.OTI) fec.OTI {
	return fec.OTI{
		EncodingID: fec.CompactNoCode, TransferLength: o.TransferLength, SymbolLength: o.SymbolLength,
		MaxSourceBlockLength: defaultSourceBlockLength,
	}
}

// fitLDPC does the same for LDPC. An object of one byte goes uncoded.
func fitLDPC(o fec.OTI) fec.OTI {
	f := o.TransferLength
	switch {
	case f == 1:
		return uncoded(o)
	case f > 0 && f <= (minLDPCSymbols-1)*uint64(o.SymbolLength):
		o.SymbolLength = uint16(max(1, f/minLDPCSymbols))
	}
	return o
}

// completeZ completes an OTI whose source blocks come from Z: as many as blocks of MaxSourceBlockLength make, fewer
// when the code or its field for Z permit no more.
func completeZ(o fec.OTI, maxBlockBytes uint64) fec.OTI {
	if o.EncodingID == fec.CompactNoCode {
		return o
	}
	o.SubBlocks = cmp.Or(o.SubBlocks, 1)
	o.Alignment = cmp.Or(o.Alignment, defaultAlignment)
	symbols := ceil.Div(o.TransferLength, uint64(o.SymbolLength))
	limits := o.Limits()
	most := min(uint64(limits.MaxBlockSymbols), max(1, maxBlockBytes/uint64(o.SymbolLength)))
	block := most
	if o.MaxSourceBlockLength != 0 {
		block = min(block, uint64(o.MaxSourceBlockLength))
	}
	if o.SourceBlocks == 0 && symbols > 0 {
		z := ceil.Div(symbols, block)
		if z > limits.Blocks {
			z = max(limits.Blocks, ceil.Div(symbols, most)) // too many is for Validate to refuse
		}
		z = max(1, min(z, symbols/uint64(limits.MinBlockSymbols)))
		o.SourceBlocks = uint32(min(z, 1<<32-1))
	}
	if o.SourceBlocks != 0 {
		o.MaxSourceBlockLength = uint32(min(ceil.Div(symbols, uint64(o.SourceBlocks)), 1<<32-1))
	}
	return o
}

// subBlockBytes is what a sub-block has less of in the profiles of 3GPP and DVB: TS 26.346, section 7.2.3, says 256 KB,
// and this is below it by either meaning of KB.
const subBlockBytes = 256_000

// divide gives an object of Raptor so many sub-blocks that none has subBlockBytes: a symbol is N sub-symbols of
// ceil(T/Al/N)·Al bytes at most, and a sub-block has one of each of K symbols (RFC 5053, section 5.3.1.2).
func divide(o fec.OTI) (fec.OTI, error) {
	if o.EncodingID != fec.Raptor || o.MaxSourceBlockLength == 0 || o.Alignment == 0 {
		return o, nil
	}
	unit := uint64(o.MaxSourceBlockLength) * uint64(o.Alignment) // the least that a sub-block may have
	if unit >= subBlockBytes {
		return o, fmt.Errorf("%w: sub-blocks of %d bytes, with an Al of %d: this profile has them below 256 KB",
			flute.ErrOTI, unit, o.Alignment)
	}
	n := ceil.Div(uint64(o.SymbolLength)/uint64(o.Alignment), (subBlockBytes-1)/unit)
	o.SubBlocks = max(o.SubBlocks, uint16(n))
	return o, nil
}

// completeLDPC completes an OTI of LDPC. The blocks of a short object have more repair symbols than the ratio of max_n
// to B says: every source symbol takes part in N1 of them (RFC 5170, section 6.2).
func completeLDPC(o fec.OTI) fec.OTI {
	if o.EncodingID == fec.CompactNoCode {
		return o
	}
	b := cmp.Or(o.MaxSourceBlockLength, defaultLDPCBlockLength)
	n := cmp.Or(o.MaxEncodingSymbols, b+(b+3)/4)
	if b < minLDPCSymbols { // else a block might have one symbol only
		b, n = minLDPCSymbols, uint32(ceil.Div(uint64(n)*minLDPCSymbols, uint64(b)))
	}
	o.N1 = cmp.Or(o.N1, defaultN1)
	o.Seed = cmp.Or(o.Seed, 1)
	o.GroupSize = cmp.Or(o.GroupSize, 1)
	o.MaxSourceBlockLength, o.MaxEncodingSymbols = b, n
	o = lengthen(o)
	b, n = o.MaxSourceBlockLength, o.MaxEncodingSymbols
	symbols := ceil.Div(o.TransferLength, uint64(o.SymbolLength))
	if symbols == 0 || n <= b {
		return o
	}
	small := uint32(symbols / ceil.Div(symbols, uint64(b))) // the shorter blocks
	if o.RepairSymbols(small) >= uint32(o.N1) {
		return o
	}
	if symbols < uint64(b) {
		b = uint32(symbols)
	}
	// floor(small * max_n / B) - small >= N1
	o.MaxEncodingSymbols = max(uint32(uint64(n)*uint64(b)/uint64(o.MaxSourceBlockLength)),
		uint32(ceil.Div(uint64(small+uint32(o.N1))*uint64(b), uint64(small))))
	o.MaxSourceBlockLength = b
	return o
}
