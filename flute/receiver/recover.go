package receiver

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/store"
)

// inlineBytes is the largest source block, in bytes, that is decoded at once, where its packets are handled: handing it to
// another goroutine and back would take about as long.
const inlineBytes = 256 << 10

// recover decodes block sbn if the symbols held may suffice, at once or by a Work. That they do not suffice, or that there is
// no memory for it now, is no error.
func (o *Object) recover(sbn fec.SBN, b *block) error {
	r := o.e.rec
	if b.attempt != nil {
		b.news = true
		return nil
	}
	if len(b.repair) == 0 || int(b.sources)+len(b.repair) < int(b.k) { // no code does with less
		return nil
	}
	if variant, guessed := o.variantFor(r.scheme); guessed {
		return o.recoverGuessing(sbn, b, variant)
	}
	if err := o.decoder(b); err != nil {
		return o.later(sbn, err)
	}
	if !b.decoder.Ready(int(b.sources), len(b.repair)) {
		return nil
	}
	if !o.l.inline && int(b.k)*int(r.oti.SymbolLength) > inlineBytes {
		return o.attempt(sbn, b)
	}
	return o.recoverInline(sbn, b)
}

// decoder makes b have one. The error is store.ErrBudget when it cannot be paid.
func (o *Object) decoder(b *block) error {
	if b.decoder != nil {
		return nil
	}
	r := o.e.rec
	if b.decoderCost == 0 { // else there was one, and it was lost in a panic
		cost := r.scheme.Memory(&r.oti, b.k).Decoder
		if !r.budget.TryReserve(cost) {
			return fmt.Errorf("receiver: decoder of %d bytes: %w", cost, store.ErrBudget)
		}
		b.decoderCost = cost
	}
	variant, _ := o.variantFor(r.scheme)
	var err error
	b.decoder, err = r.scheme.NewDecoder(&r.oti, variant, b.k)
	return err
}

// recoverInline decodes the block here and now.
func (o *Object) recoverInline(sbn fec.SBN, b *block) error {
	lost := b.lostSymbols()
	a, err := o.load(sbn, b, lost, 0)
	if err != nil {
		return o.later(sbn, err)
	}
	defer o.unload(a)
	d := b.decoder
	b.decoder = nil // if it panics, nobody knows what it is like
	err = d.Recover(a.source, b.repair)
	b.decoder = d
	if errors.Is(err, fec.ErrMoreSymbols) {
		return nil
	}
	if err != nil {
		o.fail(event.FailOTI, err.Error())
		return errStore
	}
	return o.recovered(sbn, b, a, lost)
}

// recoverGuessing decodes the block with the code variant, which may not be the sender's.
func (o *Object) recoverGuessing(sbn fec.SBN, b *block, variant fec.Variant) error {
	r := o.e.rec
	d, err := r.scheme.NewDecoder(&r.oti, variant, b.k)
	if err != nil || !d.Ready(int(b.sources), len(b.repair)) {
		return nil
	}
	lost := b.lostSymbols()
	a, err := o.load(sbn, b, lost, o.guessCost())
	if err != nil {
		return o.later(sbn, err)
	}
	defer o.unload(a)
	if _, err := o.decodeAs(variant, b, a, lost); errors.Is(err, fec.ErrMoreSymbols) {
		return nil
	} else if err != nil {
		o.fail(event.FailOTI, err.Error())
		return errStore
	}
	variant, known, decisive := o.compare(b, a, lost)
	if known {
		o.detected(variant, "surplus_symbol")
		return o.recovered(sbn, b, a, lost)
	}
	b.guess, b.lost = variant, lost
	r.guesses++
	r.decisive = r.decisive || decisive
	return o.recovered(sbn, b, a, lost)
}

// recovered writes the symbols lost, which a holds now, to the object, and completes the block.
func (o *Object) recovered(sbn fec.SBN, b *block, a *arena, lost []fec.ESI) error {
	if err := o.save(sbn, a, lost); err != nil {
		return o.storeFailed(err)
	}
	for _, esi := range lost {
		b.have.set(uint32(esi))
	}
	b.sources = b.k
	o.e.rec.repaired += uint64(len(lost))
	o.e.rec.close(sbn, b)
	return nil
}

// later puts off a block that cannot be paid now: Object.Describe, which the session calls soon, and every Work of the
// object that ends, try again. Other errors are the store's.
func (o *Object) later(sbn fec.SBN, err error) error {
	if !errors.Is(err, store.ErrBudget) {
		return o.storeFailed(err)
	}
	r := o.e.rec
	o.wait()
	if len(r.stalled) < maxStalled && !slices.Contains(r.stalled, sbn) { // one that is not noted waits for its next symbol
		r.stalled = append(r.stalled, sbn)
	}
	return nil
}

// wait makes the session call Object.Describe soon, again and again until there is memory.
func (o *Object) wait() {
	o.e.rec.waiting = true
	o.l.schedule(o.l.now.Add(stallRetry))
}

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

// lostSymbols lists the source symbols that the block does not hold.
func (b *block) lostSymbols() []fec.ESI {
	lost := make([]fec.ESI, 0, b.k-b.sources)
	for i := range b.k {
		if !b.have.has(i) {
			lost = append(lost, fec.ESI(i))
		}
	}
	return lost
}

func (o *Object) storeFailed(err error) error {
	o.fail(failReason(err), err.Error())
	return errStore
}
