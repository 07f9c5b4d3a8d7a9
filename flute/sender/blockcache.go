package sender

import "github.com/flute-node/flute-node/fec"

// blockCache bounds what a session keeps of source blocks from one transfer to the next: their bytes, and what their
// encoders have made of them. What is in it stays until its object ends: in a carousel, where each source block is
// needed once a turn, to replace one by another would keep none long enough.
type blockCache struct{ most, used uint64 }

// keptBlocks are those of one object.
type keptBlocks struct {
	blocks map[fec.SBN]*keptBlock
	bytes  uint64
}

// keptBlock is a source block with its encoder, which uses held.
type keptBlock struct {
	held []byte
	enc  fec.Encoder
	code code
	size uint64
	lost bool // a Work that did not end, or a crash, may have left it in any state
}

// keep takes a source block that was sent over from the slot that has sent it, if there is room.
func (x *transfer) keep(b *block) {
	switch {
	case b.kept != nil:
		b.giveBack()
		return
	case x.cache == nil || b.once || b.stale || b.group.repairs == 0 || b.work != nil ||
		b.packet < b.group.packets(), len(b.held) == 0:
		return
	}
	size := x.keptSize(b)
	if old := x.kept.blocks[b.sbn]; old != nil { // it was lost
		x.cache.drop(x.kept, old.size)
		delete(x.kept.blocks, b.sbn)
	}
	if size > x.cache.most-x.cache.used {
		return
	}
	if x.kept.blocks == nil {
		x.kept.blocks = make(map[fec.SBN]*keptBlock)
	}
	x.kept.blocks[b.sbn] = &keptBlock{held: b.held, enc: b.enc, code: b.code, size: size}
	x.kept.bytes += size
	x.cache.used += size
	b.held, b.enc, b.code = nil, nil, code{}
}

// keeps reports whether there is room to keep b.
func (x *transfer) keeps(b *block) bool {
	return x.cache != nil && x.keptSize(b) <= x.cache.most-x.cache.used
}

// keptSize returns what it takes to keep b.
func (x *transfer) keptSize(b *block) uint64 {
	return uint64(cap(b.held)) + x.coding.scheme.Memory(&x.coding.encoder, b.group.k).Encoder
}

// find returns the source block, if it was kept.
func (x *transfer) find(sbn fec.SBN) *keptBlock {
	if x.kept == nil {
		return nil
	}
	if k := x.kept.blocks[sbn]; k != nil && !k.lost {
		return k
	}
	return nil
}

// drop takes back the room of a block.
func (c *blockCache) drop(k *keptBlocks, size uint64) {
	k.bytes -= size
	c.used -= size
}

// forget drops the blocks of an object that has ended. A carrier may still use one.
func (c *blockCache) forget(k *keptBlocks) {
	c.used -= k.bytes
	*k = keptBlocks{}
}

// take makes b the source block that was kept, in transfer number turn. Its own memory waits.
func (b *block) take(c *coding, k *keptBlock, sbn fec.SBN, turn uint64) {
	b.own = keptBlock{held: b.held, enc: b.enc, code: b.code}
	b.kept, b.held, b.enc, b.code = k, k.held, k.enc, k.code
	b.sbn, b.packet, b.group = sbn, 0, c.group(c.part.BlockSymbols(sbn))
	b.off, b.size = c.part.Block(sbn)
	b.heldOff, b.stale, b.once = 0, false, false
	if c.part.HasSubBlocks() {
		b.size = uint64(b.group.k) * uint64(c.oti.SymbolLength)
	}
	b.asked = b.size
	if c.encoder != c.oti { // it makes the symbols of each turn
		b.prepare(turn, false)
	}
}

// giveBack ends the use of a block that was kept.
func (b *block) giveBack() {
	if b.kept == nil {
		return
	}
	b.kept.lost = b.kept.lost || b.stale || b.work != nil
	b.held, b.enc, b.code = b.own.held, b.own.enc, b.own.code
	b.kept, b.own = nil, keptBlock{}
}
