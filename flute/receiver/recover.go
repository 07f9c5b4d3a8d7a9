package receiver

import (
	"errors"
	"fmt"
	"slices"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
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
	if !b.have.widen(r.budget, b.k) { // it is going to hold all
		return o.later(sbn, store.ErrBudget)
	}
	if variant, guessed := o.variantFor(r.scheme); guessed {
		return o.recoverGuessing(sbn, b, variant)
	}
	if err := o.decoder(b); errors.Is(err, flute.ErrOTI) {
		o.fail(event.FailOTI, err.Error())
		return errStore
	} else if err != nil {
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
	o.l.shed()
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
	o.l.shed()
	o.fail(failReason(err), err.Error())
	return errStore
}
