package assembly

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/store"
)

// inlineBytes is the largest source block, in bytes, that is decoded at once, where its packets are handled: handing it
// to another goroutine and back would take about as long.
const inlineBytes = 256 << 10

// recover decodes block sbn if the symbols held may suffice, at once or by an Attempt. That they do not suffice, or
// that there is no memory for it now, is no error. The error is a *Failure.
func (a *Assembly) recover(now time.Time, sbn fec.SBN, b *block) error {
	if b.attempt != nil {
		b.news = true
		return nil
	}
	if len(b.repair) == 0 || int(b.sources)+len(b.repair) < int(b.k) { // no code does with less
		return nil
	}
	if !b.have.widen(a.budget, b.k) { // it is going to hold all
		return a.later(sbn, store.ErrBudget)
	}
	if variant, guessed := a.variant(); guessed {
		return a.recoverGuessing(now, sbn, b, variant)
	}
	if err := a.decoder(b); errors.Is(err, flute.ErrOTI) {
		return codeFailure(err)
	} else if err != nil {
		return a.later(sbn, err)
	}
	if !b.decoder.Ready(int(b.sources), len(b.repair)) {
		return nil
	}
	if !a.sender.Inline && int(b.k)*int(a.OTI.SymbolLength) > inlineBytes {
		return a.attempt(now, sbn, b, nil)
	}
	return a.recoverInline(now, sbn, b)
}

// decoder makes b have one. The error is store.ErrBudget when it cannot be paid.
func (a *Assembly) decoder(b *block) error {
	if b.decoder != nil {
		return nil
	}
	if b.decoderCost == 0 { // else there was one, and it was lost in a panic
		cost := a.scheme.Memory(&a.OTI, b.k).Decoder
		if !a.reserveToDecode(cost) {
			return fmt.Errorf("receiver: decoder of %d bytes: %w", cost, store.ErrBudget)
		}
		b.decoderCost = cost
	}
	variant, _ := a.variant()
	var err error
	b.decoder, err = a.scheme.NewDecoder(&a.OTI, variant, b.k)
	return err
}

// reserveToDecode charges n bytes if there is room. Else pages that wait for the decoding make some, once written.
func (a *Assembly) reserveToDecode(n uint64) bool {
	if a.budget.TryReserve(n) {
		return true
	}
	if a.buffer != nil {
		a.buffer.Yield()
	}
	return false
}

// recoverInline decodes the block here and now, unless a part of it is to be read from the object.
func (a *Assembly) recoverInline(now time.Time, sbn fec.SBN, b *block) error {
	lost := b.lostSymbols()
	m, err := a.load(sbn, b, lost, 0)
	if err != nil {
		return a.later(sbn, err)
	}
	if len(m.gaps) > 0 {
		return a.attempt(now, sbn, b, m)
	}
	defer a.unload(m)
	d := b.decoder
	b.decoder = nil // if it panics, nobody knows what it is like
	err = d.Recover(m.source, b.repair)
	b.decoder = d
	if errors.Is(err, fec.ErrMoreSymbols) {
		return nil
	}
	if err != nil {
		return codeFailure(err)
	}
	return a.recovered(sbn, b, m, lost)
}

// recovered writes the symbols lost, which m holds now, to the object, and completes the block.
func (a *Assembly) recovered(sbn fec.SBN, b *block, m *arena, lost []fec.ESI) error {
	if err := a.save(sbn, m, lost); err != nil {
		return err
	}
	a.repaired(sbn, b, lost)
	return nil
}

// repaired completes a block whose symbols lost were saved.
func (a *Assembly) repaired(sbn fec.SBN, b *block, lost []fec.ESI) {
	for _, esi := range lost {
		b.have.set(uint32(esi))
	}
	b.sources = b.k
	a.Repaired += uint64(len(lost))
	a.sender.Repaired += uint64(len(lost))
	a.sender.Useful += uint64(len(lost))
	a.close(sbn, b)
}

// later puts off a block that cannot be paid now: Retry, which the caller calls soon, tries again. An err that is a
// *Failure is returned.
func (a *Assembly) later(sbn fec.SBN, err error) error {
	if AsFailure(err) != nil {
		return err
	}
	a.waiting, a.effects.Short = true, true
	a.stall(sbn)
	return nil
}

// stall notes a block for Retry. One for which there is no place waits for its next symbol.
func (a *Assembly) stall(sbn fec.SBN) {
	if len(a.stalled) < maxStalled && !slices.Contains(a.stalled, sbn) {
		a.stalled = append(a.stalled, sbn)
	}
}

// Retry goes on with blocks that could not be decoded when their symbols came, in their order, until one has to wait
// again: what is missing for that one is missing for all. The error is a *Failure.
func (a *Assembly) Retry(now time.Time) error {
	stalled := a.stalled
	a.stalled, a.waiting, a.unpermitted = nil, false, false
	for i, sbn := range stalled {
		if a.waiting || len(a.attempts) >= maxAttempts {
			a.stalled = append(a.stalled, stalled[i:]...)
			return nil
		}
		if err := a.retry(now, sbn); err != nil {
			return err
		}
	}
	return nil
}

func (a *Assembly) retry(now time.Time, sbn fec.SBN) error {
	switch b := a.blocks[sbn]; {
	case b == nil:
		return nil
	case b.lost != nil:
		return a.redo(now, sbn, b)
	case a.complete.has(sbn):
		return nil
	default:
		return a.recover(now, sbn, b)
	}
}
