package sender

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"github.com/flute-node/flute-node/fec"
)

// block is one source block in transfer. Its buffers outlive it: a lane uses them for the next block.
type block struct {
	sbn     fec.SBN
	group   group
	packet  uint32 // the next to be sent
	off     uint64 // of the block in the object
	size    uint64 // bytes in the order of symbols: less than whole symbols only where the object ends
	held    []byte // bytes of the block that were read, in that order; nil when symbols come straight from the source
	heldOff uint64 // of held in the block
	raw     []byte // the block in the order of the object, when that is another one
	esis    []fec.ESI
	enc     fec.Encoder
	work    *Work // that uses enc and held; nil: none
	code    code  // that enc is of
}

// code is what the encoder of a source block depends on besides the block's bytes.
type code struct {
	oti     fec.OTI
	variant fec.Variant
	k       uint32 // source symbols of the block
}

// open makes b the source block sbn. With repair symbols to come, or with sub-blocks, it reads the whole block. Until
// all of that is done b has no packets, so that a crash on the way leaves nothing that could be sent.
func (b *block) open(c *coding, src io.ReaderAt, sbn fec.SBN) error {
	b.leave()
	g := c.group(c.part.BlockSymbols(sbn))
	b.sbn, b.packet, b.group = sbn, 0, group{}
	b.off, b.size = c.part.Block(sbn)
	b.held, b.heldOff = b.held[:0], 0
	if c.part.HasSubBlocks() {
		if err := b.gather(c, src, g.k); err != nil {
			return err
		}
	} else if g.repairs > 0 {
		if err := b.read(src, 0, b.size); err != nil {
			return err
		}
	}
	if g.repairs > 0 {
		if err := b.encode(c, g.k); err != nil {
			return err
		}
	}
	b.group = g
	b.prepare()
	return nil
}

// reopen reads the block again and makes its encoder anew, and goes on with the packet that was next: a crash may have
// left either in any state.
func (b *block) reopen(c *coding, src io.ReaderAt) error {
	packet := b.packet
	b.enc, b.code = nil, code{}
	if err := b.open(c, src, b.sbn); err != nil {
		return err
	}
	b.packet = packet
	return nil
}

// encode makes enc the encoder of what is held.
func (b *block) encode(c *coding, k uint32) error {
	// A coding may be replaced in its place, as that of an FDT Instance is: its values tell, not its address.
	same := code{c.oti, c.variant, k}
	if b.code == same {
		if enc, ok := b.enc.(fec.Resetter); ok {
			b.code = code{} // until it is reset
			err := enc.Reset(b.held)
			b.code = same
			return err
		}
	}
	enc, err := c.scheme.NewEncoder(&c.oti, c.variant, k, b.held)
	b.enc, b.code = enc, same
	return err
}

// gather reads the whole block and puts it in the order of its k symbols.
func (b *block) gather(c *coding, src io.ReaderAt, k uint32) error {
	b.raw = slices.Grow(b.raw[:0], int(b.size))[:b.size]
	if err := readFull(src, b.raw, b.off); err != nil {
		return err
	}
	b.size = uint64(k) * uint64(c.oti.SymbolLength)
	b.held = slices.Grow(b.held[:0], int(b.size))[:b.size]
	c.part.GatherSymbols(b.held, b.raw, b.sbn)
	return nil
}

// read makes held the n bytes of the block at off. Until they are read it holds nothing.
func (b *block) read(src io.ReaderAt, off, n uint64) error {
	held := slices.Grow(b.held[:0], int(n))[:n]
	b.held = held[:0]
	if err := readFull(src, held, b.off+off); err != nil {
		return err
	}
	b.held, b.heldOff = held, off
	return nil
}

// next returns the ESIs of the next packet, valid until the one after it, in transfer number turn.
func (b *block) next(c *coding, turn uint64) (esis []fec.ESI, err error) {
	b.esis = b.esis[:0]
	if c.grouper != nil && b.group.g > 1 {
		b.esis, err = c.grouper.AppendPacket(b.esis, &c.oti, b.group.k, b.packet)
		return b.esis, err
	}
	first, n := b.group.symbols(b.packet, turn)
	for i := range n {
		b.esis = append(b.esis, first+fec.ESI(i))
	}
	return b.esis, nil
}

// appendSymbol appends encoding symbol esi to p. readAhead is in bytes; zero: no window is held.
func (b *block) appendSymbol(p []byte, c *coding, src io.ReaderAt, esi fec.ESI, readAhead int) ([]byte, error) {
	length := uint64(c.oti.SymbolLength)
	if uint32(esi) >= b.group.k {
		return b.enc.AppendRepair(p, esi)
	}
	off := uint64(esi) * length
	n := min(length, b.size-off)
	start := len(p)
	switch {
	case off >= b.heldOff && off+n <= b.heldOff+uint64(len(b.held)):
		p = append(p, b.held[off-b.heldOff:off-b.heldOff+n]...)
	case readAhead > 0:
		whole := max(length, uint64(readAhead)/length*length) // whole symbols
		if err := b.read(src, off, min(whole, b.size-off)); err != nil {
			return p, err
		}
		p = append(p, b.held[:n]...)
	default:
		p = slices.Grow(p, int(n))[:start+int(n)]
		if err := readFull(src, p[start:], b.off+off); err != nil {
			return p[:start], err
		}
	}
	if n < length && !c.short {
		p = append(p, padding[:length-n]...)
	}
	return p, nil
}

// padding is read only.
var padding [1<<16 - 1]byte

// inMemory reports whether reading a symbol from r costs a copy and nothing else, so that a window would be one more.
func inMemory(r io.ReaderAt) bool {
	switch r.(type) {
	case *bytes.Reader, *strings.Reader:
		return true
	}
	return false
}
