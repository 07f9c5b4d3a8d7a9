package assembly

import (
	"cmp"
	"errors"
	"fmt"
	"io"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/store"
)

// Need returns the memory in bytes that the decoding of the largest source block takes, besides its repair symbols: 0
// when nothing can be repaired.
func Need(scheme fec.Scheme, oti *fec.OTI, part *fec.Partition) uint64 {
	m := scheme.Memory(oti, part.Large).Decoder
	if m == 0 {
		return 0
	}
	return m + arenaSize(part, part.Large)
}

// arenaSize returns how many bytes of arena a block of k symbols takes: with sub-blocks it is there in two orders.
func arenaSize(part *fec.Partition, k uint32) uint64 {
	n := uint64(k) * uint64(part.SymbolLength)
	if part.HasSubBlocks() {
		n *= 2
	}
	return n
}

// load begins to put the block's source symbols into an arena: a held one with its full length, zero padded; one of
// lost, in ascending order, with length 0 and room for it. What memory does not hold is to be read from the object.
// unload ends the use of the arena; until then as much more is charged. The error is store.ErrBudget, or a *Failure.
func (a *Assembly) load(sbn fec.SBN, b *block, lost []fec.ESI, more uint64) (*arena, error) {
	m, err := a.arena(b.k, more)
	if err != nil {
		return nil, err
	}
	if err := a.collect(m, sbn, b.k, lost); err != nil {
		a.unload(m)
		return nil, err
	}
	return m, nil
}

// arena takes one for a block of up to k symbols, and charges more besides it. The error is store.ErrBudget.
func (a *Assembly) arena(k uint32, more uint64) (*arena, error) {
	size := arenaSize(&a.part, k)
	if !a.reserveToDecode(size + more) {
		return nil, fmt.Errorf("receiver: source block of %d bytes: %w", size, store.ErrBudget)
	}
	m := a.sender.Arenas.take(int(size), int(k))
	m.cost = size + more
	return m, nil
}

// collect is load into an arena. The error is a *Failure.
func (a *Assembly) collect(m *arena, sbn fec.SBN, k uint32, lost []fec.ESI) error {
	off, n := a.part.Block(sbn)
	m.part, m.sbn, m.k, m.lost, m.off = &a.part, sbn, k, lost, int64(off)
	size := int(k) * int(a.OTI.SymbolLength)
	if m.inOrder = m.bytes[:n]; a.part.HasSubBlocks() {
		m.inOrder = m.bytes[size : size+int(n)]
	}
	if a.buffer == nil {
		return a.collectNow(m)
	}
	m.gaps = m.without(a.peek(m.inOrder, m.off, m.gaps[:0]))
	if len(m.gaps) == 0 {
		m.arrange()
	}
	return nil
}

// collectNow is collect for bytes that were all written at once.
func (a *Assembly) collectNow(m *arena) error {
	m.gaps = m.gaps[:0]
	object, err := a.object.Open()
	if err == nil {
		_, err = object.ReadAt(m.inOrder, m.off)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return storeFailure(err)
	}
	m.arrange()
	return nil
}

// without takes the bytes of lost symbols out of gaps.
func (m *arena) without(gaps []store.Span) []store.Span {
	if len(gaps) == 0 {
		return gaps
	}
	i, rest := 0, m.rest[:0]
	for span := range m.lostSpans {
		for i < len(gaps) && gaps[i].End() <= span.Off {
			rest = append(rest, gaps[i])
			i++
		}
		for i < len(gaps) && gaps[i].Off < span.End() {
			if before := int(span.Off - gaps[i].Off); before > 0 {
				rest = append(rest, store.Span{Off: gaps[i].Off, Len: before})
			}
			if after := int(gaps[i].End() - span.End()); after > 0 {
				gaps[i] = store.Span{Off: span.End(), Len: after}
				break
			}
			i++
		}
	}
	rest = append(rest, gaps[i:]...)
	m.rest = gaps
	return rest
}

// lostSpans calls yield with the bytes of the lost symbols, in their order in the object.
func (m *arena) lostSpans(yield func(store.Span) bool) {
	for i := range m.part.Pieces() {
		for _, esi := range m.lost {
			if off, _, n := m.part.Piece(m.sbn, esi, i); !yield(store.Span{Off: int64(off), Len: int(n)}) {
				return
			}
		}
	}
}

// read fills the gaps from the object, which is waited for.
func (m *arena) read(object io.ReaderAt) error {
	for _, g := range m.gaps {
		p := m.inOrder[g.Off-m.off : g.End()-m.off]
		if n, err := object.ReadAt(p, g.Off); n < len(p) {
			return fmt.Errorf("receiver: read of %d bytes at %d: %w", len(p), g.Off, cmp.Or(err, io.ErrUnexpectedEOF))
		}
	}
	m.gaps = m.gaps[:0]
	m.arrange()
	return nil
}

// arrange makes symbols of the block's bytes, which are complete.
func (m *arena) arrange() {
	e := int(m.part.SymbolLength)
	symbols := m.bytes[:int(m.k)*e]
	if m.part.HasSubBlocks() {
		m.part.GatherSymbols(symbols, m.inOrder, m.sbn)
	} else {
		clear(symbols[len(m.inOrder):])
	}
	m.source = m.source[:0]
	for i := range int(m.k) {
		m.source = append(m.source, symbols[i*e:(i+1)*e:(i+1)*e])
	}
	for _, esi := range m.lost {
		m.source[esi] = m.source[esi][:0]
	}
}

// unload gives back an arena, also of an object that has failed since.
func (a *Assembly) unload(m *arena) {
	if !m.lent {
		a.budget.Release(m.cost)
		a.sender.Arenas.put(m)
	}
}

// guessCost is charged while blocks are decoded with one variant after the other: each decoder in its turn.
func (a *Assembly) guessCost() uint64 {
	return a.scheme.Memory(&a.OTI, a.part.Large).Decoder
}

// save writes the symbols lost from m to the object. Those for which memory has no room are written from m, which then
// belongs to them. The error is a *Failure.
func (a *Assembly) save(sbn fec.SBN, m *arena, lost []fec.ESI) error {
	for i, esi := range lost {
		_, err := a.write(sbn, esi, m.source[esi])
		if errors.Is(err, ErrBudget) {
			a.lend(sbn, m, lost[i:])
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// lend has the symbols lost written from m.
func (a *Assembly) lend(sbn fec.SBN, m *arena, lost []fec.ESI) {
	for i := range a.part.Pieces() {
		for _, esi := range lost {
			if off, at, n := a.part.Piece(sbn, esi, i); n > 0 {
				a.buffer.Lend(m.source[esi][at:at+n], int64(off))
			}
		}
	}
	arenas := a.sender.Arenas
	a.buffer.Charge(m.cost, func() { arenas.put(m) })
	m.lent = true
}
