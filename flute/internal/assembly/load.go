package assembly

import (
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

// load puts the block's source symbols into an arena: a held one with its full length, zero padded; one of lost, in
// ascending order, with length 0 and room for it. unload ends their use; until then as much more is charged. The error
// is store.ErrBudget, or the store's.
func (a *Assembly) load(sbn fec.SBN, b *block, lost []fec.ESI, more uint64) (*arena, error) {
	m, err := a.arena(b.k, more)
	if err != nil {
		return nil, err
	}
	whole := false
	defer func() { // also when the store panics
		if !whole {
			a.unload(m)
		}
	}()
	if err := a.read(m, sbn, b.k, lost); err != nil {
		return nil, err
	}
	whole = true
	return m, nil
}

// arena takes one for a block of up to k symbols, and charges more besides it. The error is store.ErrBudget.
func (a *Assembly) arena(k uint32, more uint64) (*arena, error) {
	size := arenaSize(&a.part, k)
	if !a.budget.TryReserve(size + more) {
		return nil, fmt.Errorf("receiver: source block of %d bytes: %w", size, store.ErrBudget)
	}
	m := a.sender.Arenas.take(int(size), int(k))
	m.budget, m.cost = a.budget, size+more
	return m, nil
}

// read is load into an arena. The error is the store's.
func (a *Assembly) read(m *arena, sbn fec.SBN, k uint32, lost []fec.ESI) error {
	e := int(a.OTI.SymbolLength)
	off, n := a.part.Block(sbn)
	symbols := m.bytes[:int(k)*e]
	inOrder := symbols[:n]
	if a.part.HasSubBlocks() {
		inOrder = m.bytes[len(symbols) : len(symbols)+int(n)]
	}
	if _, err := a.buffer.ReadAt(inOrder, int64(off)); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if a.part.HasSubBlocks() {
		a.part.GatherSymbols(symbols, inOrder, sbn)
	} else {
		clear(symbols[n:])
	}
	m.source = m.source[:0]
	for i := range int(k) {
		m.source = append(m.source, symbols[i*e:(i+1)*e:(i+1)*e])
	}
	for _, esi := range lost {
		m.source[esi] = m.source[esi][:0]
	}
	return nil
}

// unload gives back an arena, also of an object that has failed since.
func (a *Assembly) unload(m *arena) {
	m.budget.Release(m.cost)
	a.sender.Arenas.put(m)
}

// guessCost is charged while blocks are decoded with one variant after the other: each decoder in its turn.
func (a *Assembly) guessCost() uint64 {
	return a.scheme.Memory(&a.OTI, a.part.Large).Decoder
}

// save writes the symbols lost from m to the object.
func (a *Assembly) save(sbn fec.SBN, m *arena, lost []fec.ESI) error {
	for _, esi := range lost {
		if _, err := a.write(sbn, esi, m.source[esi]); err != nil {
			return err
		}
	}
	return nil
}
