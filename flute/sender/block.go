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
	k       uint32 // source symbols
	n       uint32 // encoding symbols that are sent
	esi     uint32 // the next to be sent
	off     uint64 // of the block in the object
	size    uint64 // bytes; the last symbol may be short
	held    []byte // bytes of the block that were read; nil when symbols come straight from the source
	heldOff uint64 // of held in the block
	enc     fec.Encoder
	code    *coding // that enc was made for, with encK source symbols
	encK    uint32
}

// open makes b the source block sbn. With repair symbols to come it reads the whole block.
func (b *block) open(c *coding, src io.ReaderAt, sbn fec.SBN) error {
	b.sbn, b.esi = sbn, 0
	b.k = c.part.BlockSymbols(sbn)
	b.n = c.symbols(b.k)
	b.off, b.size = c.part.Block(sbn)
	b.held, b.heldOff = b.held[:0], 0
	if b.n == b.k {
		return nil
	}
	if err := b.read(src, 0, b.size); err != nil {
		return err
	}
	if b.code == c && b.encK == b.k {
		if enc, ok := b.enc.(fec.Resetter); ok {
			return enc.Reset(b.held)
		}
	}
	enc, err := c.scheme.NewEncoder(&c.oti, c.variant, b.k, b.held)
	b.enc, b.code, b.encK = enc, c, b.k
	return err
}

// read makes held the n bytes of the block at off.
func (b *block) read(src io.ReaderAt, off, n uint64) error {
	b.held = slices.Grow(b.held[:0], int(n))[:n]
	b.heldOff = off
	err := readFull(src, b.held, b.off+off)
	if err != nil {
		b.held = b.held[:0]
	}
	return err
}

// appendSymbol appends the next encoding symbol to p. readAhead is in bytes; zero: no window is held.
func (b *block) appendSymbol(p []byte, c *coding, src io.ReaderAt, readAhead int) ([]byte, error) {
	esi := fec.ESI(b.esi)
	length := uint64(c.oti.SymbolLength)
	if b.esi >= b.k {
		return b.enc.AppendRepair(p, esi)
	}
	off := uint64(b.esi) * length
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
