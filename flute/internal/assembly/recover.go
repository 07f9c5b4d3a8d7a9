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
		return a.recoverGuessing(sbn, b, variant)
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
		return a.attempt(now, sbn, b)
	}
	return a.recoverInline(sbn, b)
}

// decoder makes b have one. The error is store.ErrBudget when it cannot be paid.
func (a *Assembly) decoder(b *block) error {
	if b.decoder != nil {
		return nil
	}
	if b.decoderCost == 0 { // else there was one, and it was lost in a panic
		cost := a.scheme.Memory(&a.OTI, b.k).Decoder
		if !a.budget.TryReserve(cost) {
			return fmt.Errorf("receiver: decoder of %d bytes: %w", cost, store.ErrBudget)
		}
		b.decoderCost = cost
	}
	variant, _ := a.variant()
	var err error
	b.decoder, err = a.scheme.NewDecoder(&a.OTI, variant, b.k)
	return err
}

// recoverInline decodes the block here and now.
func (a *Assembly) recoverInline(sbn fec.SBN, b *block) error {
	lost := b.lostSymbols()
	m, err := a.load(sbn, b, lost, 0)
	if err != nil {
		return a.later(sbn, err)
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

// recoverGuessing decodes the block with a variant that may not be the sender's.
func (a *Assembly) recoverGuessing(sbn fec.SBN, b *block, variant fec.Variant) error {
	d, err := a.scheme.NewDecoder(&a.OTI, variant, b.k)
	if err != nil || !d.Ready(int(b.sources), len(b.repair)) {
		return nil
	}
	lost := b.lostSymbols()
	m, err := a.load(sbn, b, lost, a.guessCost())
	if err != nil {
		return a.later(sbn, err)
	}
	defer a.unload(m)
	if _, err := a.decodeAs(variant, b, m, lost); errors.Is(err, fec.ErrMoreSymbols) {
		return nil
	} else if err != nil {
		return codeFailure(err)
	}
	variant, known, decisive := a.compare(b, m, lost)
	if known {
		a.detected(variant, "surplus_symbol")
		return a.recovered(sbn, b, m, lost)
	}
	b.guess, b.lost = variant, lost
	a.guesses++
	a.decisive = a.decisive || decisive
	return a.recovered(sbn, b, m, lost)
}

// recovered writes the symbols lost, which m holds now, to the object, and completes the block.
func (a *Assembly) recovered(sbn fec.SBN, b *block, m *arena, lost []fec.ESI) error {
	if err := a.save(sbn, m, lost); err != nil {
		return storeFailure(err)
	}
	for _, esi := range lost {
		b.have.set(uint32(esi))
	}
	b.sources = b.k
	a.Repaired += uint64(len(lost))
	a.close(sbn, b)
	return nil
}

// later puts off a block that cannot be paid now: Retry, which the caller calls soon, tries again. Other errors are the
// store's.
func (a *Assembly) later(sbn fec.SBN, err error) error {
	if !errors.Is(err, store.ErrBudget) {
		return storeFailure(err)
	}
	a.waiting, a.effects.Short = true, true
	// One that is not noted waits for its next symbol.
	if len(a.stalled) < maxStalled && !slices.Contains(a.stalled, sbn) {
		a.stalled = append(a.stalled, sbn)
	}
	return nil
}

// Retry goes on with blocks that could not be decoded when their symbols came, in their order, until one has to wait
// again: what is missing for that one is missing for all. The error is a *Failure.
func (a *Assembly) Retry(now time.Time) error {
	stalled := a.stalled
	a.stalled, a.waiting, a.unpermitted = nil, false, false
	for i, sbn := range stalled {
		if b := a.blocks[sbn]; b != nil && !a.complete.has(sbn) {
			if err := a.recover(now, sbn, b); err != nil {
				return err
			}
		}
		if a.waiting {
			a.stalled = append(a.stalled, stalled[i+1:]...)
			return nil
		}
	}
	return nil
}
