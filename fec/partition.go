package fec

import "github.com/flute-node/flute-node/internal/ceil"

// Partition tells which bytes of an object are in which source block and source symbol. It is a plain value. Its
// letters are those of RFC 5052, section 9.1.2, and of RFC 6330, section 4.4.1.2.
type Partition struct {
	TransferLength uint64 // L or F, bytes
	SymbolLength   uint32 // E or T, bytes
	Symbols        uint64 // T or Kt: source symbols of the object
	Z              uint32 // N or Z: source blocks
	Large          uint32 // A_large or KL: source symbols of each of the first LargeBlocks blocks
	Small          uint32 // A_small or KS: source symbols of each other block
	LargeBlocks    uint32 // I or ZL
	SubBlocks      uint16 // N: sub-blocks of a source block; 0 when the scheme has none
	Alignment      uint8  // Al, bytes: sub-symbols are multiples of it
}

// Partition returns the partition of an object whose OTI is valid. That of an object of no bytes has no blocks.
func (o *OTI) Partition() Partition {
	p := Partition{TransferLength: o.TransferLength, SymbolLength: uint32(o.SymbolLength)}
	if o.TransferLength == 0 || o.SymbolLength == 0 {
		return p
	}
	if o.usesPartitionZ() {
		p.SubBlocks, p.Alignment = o.SubBlocks, o.Alignment
	}
	p.Symbols = ceil.Div(o.TransferLength, uint64(o.SymbolLength))
	z := uint64(o.SourceBlocks)
	if !o.usesPartitionZ() && o.MaxSourceBlockLength > 0 {
		// RFC 5052, section 9.1.1: N = ceil[T/B].
		z = ceil.Div(p.Symbols, uint64(o.MaxSourceBlockLength))
	}
	// RFC 6330, section 4.4.1.2: Partition[Kt, Z]. Blocks without symbols are left out.
	if z = min(z, p.Symbols, maxBlocks); z == 0 {
		return p // not a valid OTI
	}
	p.Z = uint32(z)
	p.Large = uint32(ceil.Div(p.Symbols, z))
	p.Small = uint32(p.Symbols / z)
	p.LargeBlocks = uint32(p.Symbols - uint64(p.Small)*z)
	return p
}

// Blocks returns the number of source blocks.
func (p *Partition) Blocks() uint32 { return p.Z }

// BlockSymbols returns the number of source symbols of block sbn; 0 when there is no such block.
func (p *Partition) BlockSymbols(sbn SBN) uint32 {
	switch {
	case uint32(sbn) < p.LargeBlocks:
		return p.Large
	case uint32(sbn) < p.Z:
		return p.Small
	}
	return 0
}

// firstSymbol returns the number of source symbols in front of block sbn.
func (p *Partition) firstSymbol(sbn SBN) uint64 {
	large := min(uint64(sbn), uint64(p.LargeBlocks))
	return large*uint64(p.Large) + (uint64(sbn)-large)*uint64(p.Small)
}

// Block returns where block sbn starts in the object and how many bytes it has. The last one is cut at the end of the
// object; a block that does not exist has none.
func (p *Partition) Block(sbn SBN) (off, n uint64) {
	k := uint64(p.BlockSymbols(sbn))
	if k == 0 {
		return p.TransferLength, 0
	}
	off = p.firstSymbol(sbn) * uint64(p.SymbolLength)
	return off, min(k*uint64(p.SymbolLength), p.TransferLength-off)
}

// Symbol returns where source symbol esi of block sbn starts in the object and how many bytes it has: the symbol
// length, less at the end of the object, 0 when there is no such source symbol. With sub-blocks a symbol is not in one
// piece: see Piece.
func (p *Partition) Symbol(sbn SBN, esi ESI) (off uint64, n uint32) {
	if uint32(esi) >= p.BlockSymbols(sbn) {
		return p.TransferLength, 0
	}
	off = (p.firstSymbol(sbn) + uint64(esi)) * uint64(p.SymbolLength)
	return off, uint32(min(uint64(p.SymbolLength), p.TransferLength-off))
}

// At returns the source symbol that the byte at off of the object belongs to, off being before its end. With sub-blocks
// only the source block is of use: its symbols are not in one piece.
func (p *Partition) At(off uint64) (SBN, ESI) {
	i := off / uint64(p.SymbolLength)
	large := uint64(p.LargeBlocks) * uint64(p.Large)
	if i < large {
		return SBN(i / uint64(p.Large)), ESI(i % uint64(p.Large))
	}
	i -= large
	return SBN(uint64(p.LargeBlocks) + i/uint64(p.Small)), ESI(i % uint64(p.Small))
}
