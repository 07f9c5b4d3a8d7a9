package receiver

import (
	"errors"
	"fmt"
	"io"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/store"
)

// blockNeed returns the memory in bytes that the decoding of one source block of k symbols takes, besides its repair symbols:
// 0 when nothing can be repaired.
func blockNeed(scheme fec.Scheme, oti *fec.OTI, part *fec.Partition, k uint32) uint64 {
	m := scheme.Memory(oti, k).Decoder
	if m == 0 {
		return 0
	}
	return m + arenaSize(part, k)
}

// arenaSize returns how many bytes of arena a block of k symbols takes: with sub-blocks it is there in two orders.
func arenaSize(part *fec.Partition, k uint32) uint64 {
	n := uint64(k) * uint64(part.SymbolLength)
	if part.HasSubBlocks() {
		n *= 2
	}
	return n
}

// load puts the block's source symbols into an arena: a held one with its full length, zero padded; one of lost, in ascending
// order, with length 0 and room for it. unload ends their use; until then as much more is charged. The error is
// store.ErrBudget, or the store's.
func (o *Object) load(sbn fec.SBN, b *block, lost []fec.ESI, more uint64) (*arena, error) {
	a, err := o.arena(b.k, more)
	if err != nil {
		return nil, err
	}
	whole := false
	defer func() { // also when the store panics
		if !whole {
			o.unload(a)
		}
	}()
	if err := o.read(a, sbn, b.k, lost); err != nil {
		return nil, err
	}
	whole = true
	return a, nil
}

// arena takes one for a block of up to k symbols, and charges more besides it. The error is store.ErrBudget.
func (o *Object) arena(k uint32, more uint64) (*arena, error) {
	r := o.e.rec
	size := arenaSize(&r.part, k)
	if !r.budget.TryReserve(size + more) {
		return nil, fmt.Errorf("receiver: source block of %d bytes: %w", size, store.ErrBudget)
	}
	a := o.l.cfg.arenas.take(int(size), int(k))
	a.budget, a.cost = r.budget, size+more
	return a, nil
}

// read is load into an arena. The error is the store's.
func (o *Object) read(a *arena, sbn fec.SBN, k uint32, lost []fec.ESI) error {
	r := o.e.rec
	e := int(r.oti.SymbolLength)
	off, n := r.part.Block(sbn)
	symbols := a.bytes[:int(k)*e]
	inOrder := symbols[:n]
	if r.part.HasSubBlocks() {
		inOrder = a.bytes[len(symbols) : len(symbols)+int(n)]
	}
	if _, err := r.buffer.ReadAt(inOrder, int64(off)); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if r.part.HasSubBlocks() {
		r.part.GatherSymbols(symbols, inOrder, sbn)
	} else {
		clear(symbols[n:])
	}
	a.source = a.source[:0]
	for i := range int(k) {
		a.source = append(a.source, symbols[i*e:(i+1)*e:(i+1)*e])
	}
	for _, esi := range lost {
		a.source[esi] = a.source[esi][:0]
	}
	return nil
}

// unload gives back an arena, also of an object that has failed since.
func (o *Object) unload(a *arena) {
	a.budget.Release(a.cost)
	o.l.cfg.arenas.put(a)
}

// guessCost is charged while blocks are decoded with one code after the other: each decoder in its turn.
func (o *Object) guessCost() uint64 {
	r := o.e.rec
	return r.scheme.Memory(&r.oti, r.part.Large).Decoder
}

// save writes the symbols lost from a to the object.
func (o *Object) save(sbn fec.SBN, a *arena, lost []fec.ESI) error {
	for _, esi := range lost {
		if _, err := o.e.rec.write(sbn, esi, a.source[esi]); err != nil {
			return err
		}
	}
	return nil
}
