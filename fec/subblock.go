package fec

// A source block may be divided into N sub-blocks, so that a receiver with little memory can work on one at a time (RFC
// 5053, section 5.3.1.2; RFC 6330, section 4.4.1.2). In the object, sub-block follows sub-block, each with its K
// sub-symbols in order; "the m-th source symbol ... consists of the concatenation of the m-th sub-symbol from each of
// the N sub-blocks". All sub-blocks are coded alike, so a code works on whole symbols and need not know; whoever reads
// or writes the object does.

// HasSubBlocks reports whether symbols are not in one piece: N is above 1.
func (p *Partition) HasSubBlocks() bool { return p.SubBlocks > 1 }

// Pieces returns how many pieces every source symbol has: N, at least 1.
func (p *Partition) Pieces() int { return max(1, int(p.SubBlocks)) }

// subSymbol returns where sub-symbol i is in a symbol, and its length: (TL, TS, NL, NS) = Partition[T/Al, N].
func (p *Partition) subSymbol(i uint32) (at, n uint32) {
	if !p.HasSubBlocks() {
		return 0, p.SymbolLength
	}
	units, count := p.SymbolLength/uint32(p.Alignment), uint32(p.SubBlocks)
	small := units / count
	large := units - small*count // NL: the first sub-blocks have TL = TS + 1 units
	n = small
	if i < large {
		n++
	}
	return (i*small + min(i, large)) * uint32(p.Alignment), n * uint32(p.Alignment)
}

// Piece returns where piece i, from 0 to Pieces()-1, of source symbol esi of block sbn starts in the object and in the
// symbol, and how many bytes of it the object has: 0 when all of it is padding, or there is no such symbol.
func (p *Partition) Piece(sbn SBN, esi ESI, i int) (off uint64, at, n uint32) {
	k := p.BlockSymbols(sbn)
	if uint32(esi) >= k {
		return p.TransferLength, 0, 0
	}
	at, n = p.subSymbol(uint32(i))
	off = p.firstSymbol(sbn)*uint64(p.SymbolLength) + uint64(k)*uint64(at) + uint64(esi)*uint64(n)
	off = min(off, p.TransferLength)
	return off, at, uint32(min(uint64(n), p.TransferLength-off))
}

// SymbolBytes returns how many bytes of source symbol esi of block sbn belong to the object, and how long the symbol is
// without the padding at its end. The two differ only with sub-blocks.
func (p *Partition) SymbolBytes(sbn SBN, esi ESI) (object, unpadded uint32) {
	if !p.HasSubBlocks() {
		_, n := p.Symbol(sbn, esi)
		return n, n
	}
	for i := range p.Pieces() {
		if _, at, n := p.Piece(sbn, esi, i); n > 0 {
			object += n
			unpadded = at + n
		}
	}
	return object, unpadded
}

// GatherSymbols puts the bytes of block sbn, which are in the order of the object, in that of its symbols. block is
// what Block says; dst has room for all source symbols, BlockSymbols times SymbolLength bytes, and does not overlap
// block. What the object does not have is zero.
func (p *Partition) GatherSymbols(dst, block []byte, sbn SBN) {
	k := int(p.BlockSymbols(sbn))
	t := int(p.SymbolLength)
	dst = dst[:k*t]
	if !p.HasSubBlocks() {
		clear(dst[copy(dst, block):])
		return
	}
	for i := range p.Pieces() {
		at, length := p.subSymbol(uint32(i))
		from, n := k*int(at), int(length)
		for esi := range k {
			to := dst[esi*t+int(at) : esi*t+int(at)+n]
			off := from + esi*n
			if off >= len(block) {
				clear(to)
				continue
			}
			clear(to[copy(to, block[off:]):])
		}
	}
}
