package sender

import (
	"slices"

	"github.com/flute-node/flute-node/fec"
)

// block is one source block in transfer. Its buffers outlive it: a carrier uses them for the next block.
type block struct {
	sbn     fec.SBN
	group   group
	packet  uint32 // the next to be sent
	off     uint64 // of the block in the object
	size    uint64 // bytes in the order of symbols: less than whole symbols only where the object ends
	held    []byte // bytes of the block that were read, in that order; nil when symbols come straight from the content
	heldOff uint64 // of held in the block
	asked   uint64 // up to where in the block the content was read, or is being
	raw     []byte // the block in the order of the object, when that is another one
	esis    []fec.ESI
	enc     fec.Encoder
	work    *Work      // that uses enc and held; nil: none
	once    bool       // enc has the repair symbols of this transfer, and may have no others
	code    code       // that enc is of
	stale   bool       // a crash may have left enc and held in any state: the block is to be opened again, at resume
	resume  uint32     // the packet that was next when it became stale
	kept    *keptBlock // whose held and enc these are; nil: its own
	own     keptBlock  // meanwhile
}

// code is what the encoder of a source block depends on besides the block's bytes.
type code struct {
	oti     fec.OTI
	variant fec.Variant
	k       uint32 // source symbols of the block
}

// open makes b the source block sbn. With repair symbols to come, or with sub-blocks, it needs the bytes of the whole
// block: errMissing says that they were not read. Until all is done b has no packets, so that a crash on the way leaves
// nothing that could be sent.
func (b *block) open(c *coding, r *readAhead, sbn fec.SBN) error {
	b.leave()
	g := c.group(c.part.BlockSymbols(sbn))
	b.sbn, b.packet, b.group = sbn, 0, group{}
	b.off, b.size = c.part.Block(sbn)
	b.heldOff, b.asked = 0, b.size
	switch {
	case c.part.HasSubBlocks():
		if err := b.gather(c, r, g.k); err != nil {
			return err
		}
	case c.whole:
		if err := r.fetch(&b.held, span{b.off, b.size}); err != nil {
			return err
		}
	default:
		b.held, b.asked = b.held[:0], 0
	}
	if g.repairs > 0 {
		if err := b.encode(c, g.k); err != nil {
			return err
		}
	}
	b.group = g
	return nil
}

// spoil notes a crash while the block was in use.
func (b *block) spoil() {
	if !b.stale && b.group.packets() > 0 {
		b.stale, b.resume = true, b.packet
	}
}

// reopen opens a block that is stale, and goes on with the packet that was next.
func (b *block) reopen(c *coding, r *readAhead) error {
	b.giveBack()
	b.enc, b.code = nil, code{}
	if err := b.open(c, r, b.sbn); err != nil {
		return err
	}
	b.packet, b.stale = b.resume, false
	return nil
}

// encode makes enc the encoder of what is held.
func (b *block) encode(c *coding, k uint32) error {
	// A coding may be replaced in its place, as that of an FDT Instance is: its values tell, not its address.
	same := code{c.encoder, c.variant, k}
	same.oti.TransferLength = 0
	if b.enc != nil && b.code == same {
		b.code = code{} // until it is reset
		err := b.enc.Reset(b.held)
		b.code = same
		return err
	}
	if t, ok := c.scheme.(thrifty); ok && b.enc != nil {
		old := b.code
		if old.k = k; old == same {
			b.code = code{}
			if t.Reuse(b.enc, &c.encoder, k, b.held) {
				b.code = same
				return nil
			}
		}
	}
	enc, err := c.scheme.NewEncoder(&c.encoder, c.variant, k, b.held)
	b.enc, b.code = enc, same
	return err
}

// lendBytes is the size from which on a source block lends its memory to the next one, as soon as it does without:
// RaptorQ has no more than 256 of them, which are 40 MiB of a file of 10 GiB.
const lendBytes = 4 << 20

// thrifty is a scheme that spares memory. Its encoders may do without the source symbols once they have made a repair
// symbol, if it Detaches, and one may Reuse the memory of another for a source block of other size.
type thrifty interface {
	Detaches() bool
	Reuse(e fec.Encoder, o *fec.OTI, k uint32, source []byte) bool
}

func detaches(s fec.Scheme) bool {
	t, ok := s.(thrifty)
	return ok && t.Detaches()
}

// lend gives up the memory of the block's bytes after its first repair symbol; nil: it is still needed, or was given
// up.
func (b *block) lend() []byte {
	if b.packet <= b.group.sources || b.kept != nil {
		return nil
	}
	held := b.held
	b.held = nil
	return held
}

// gather puts the bytes of the whole block in the order of its k symbols.
func (b *block) gather(c *coding, r *readAhead, k uint32) error {
	b.held = b.held[:0]
	if err := r.fetch(&b.raw, span{b.off, b.size}); err != nil {
		return err
	}
	b.size = uint64(k) * uint64(c.oti.SymbolLength)
	b.held = slices.Grow(b.held[:0], int(b.size))[:b.size]
	c.part.GatherSymbols(b.held, b.raw, b.sbn)
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

// appendSymbol appends encoding symbol esi to p. Of content that is not in memory window bytes are read at once.
func (b *block) appendSymbol(p []byte, c *coding, r *readAhead, esi fec.ESI, window int) ([]byte, error) {
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
	case r.memory:
		p = slices.Grow(p, int(n))[:start+int(n)]
		if err := readFull(r.src, p[start:], b.off+off); err != nil {
			return p[:start], err
		}
	default:
		next := b.piece(c, off, window)
		b.asked = max(b.asked, off+next.n)
		if err := r.fetch(&b.held, next); err != nil {
			return p, err
		}
		b.heldOff = off
		p = append(p, b.held[:n]...)
	}
	if n < length && !c.short {
		p = append(p, padding[:length-n]...)
	}
	return p, nil
}

// piece returns what is read at once at off in the block: whole packets.
func (b *block) piece(c *coding, off uint64, window int) span {
	packet := uint64(c.payload())
	return span{b.off + off, min(max(packet, uint64(window)/packet*packet), b.size-off)}
}

// padding is read only.
var padding [1<<16 - 1]byte
