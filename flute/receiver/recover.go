package receiver

import (
	"errors"
	"fmt"
	"io"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/store"
)

// recover tries to decode block sbn from the symbols held. Not enough of them, or of memory, is no error.
func (o *Object) recover(sbn fec.SBN, b *block) error {
	r := o.e.rec
	scheme, err := o.l.cfg.Registry.Scheme(&r.oti)
	if err != nil {
		return nil // cannot happen: checkOTI asked the same
	}
	variant, guessed := o.variantFor(scheme)
	decoder, err := scheme.NewDecoder(&r.oti, variant, b.k)
	if err != nil || !decoder.Ready(int(b.sources), len(b.repair)) {
		return nil
	}
	if err := o.load(sbn, b); errors.Is(err, store.ErrBudget) {
		return nil // the next symbol tries again
	} else if err != nil {
		return o.storeFailed(err)
	}
	defer o.l.scratch.done()
	lost := b.lostSymbols()
	err = decoder.Recover(o.l.scratch.source, b.repair)
	if errors.Is(err, fec.ErrMoreSymbols) {
		return nil
	}
	if err != nil {
		o.fail(event.FailOTI, err.Error())
		return errStore
	}
	decisive := false
	if guessed {
		var known bool
		if variant, known, decisive = o.compare(scheme, b, lost); known {
			o.detected(variant, "surplus_symbol")
			guessed = false
		}
	}
	if err := o.save(sbn, lost); err != nil {
		return o.storeFailed(err)
	}
	for _, esi := range lost {
		b.have.set(uint32(esi))
	}
	b.sources = b.k
	r.repaired += uint64(len(lost))
	if guessed {
		b.guess, b.lost = variant, lost
		r.guesses++
		r.decisive = r.decisive || decisive
	}
	r.close(sbn, b)
	return nil
}

// load reads the block's source symbols into scratch: a held one with its full length, zero padded; a lost one with
// length 0 and room for it. scratch.done ends their use.
func (o *Object) load(sbn fec.SBN, b *block) error {
	r, s := o.e.rec, o.l.scratch
	e := int(r.oti.SymbolLength)
	arena, ok := s.take(int(b.k) * e)
	if !ok {
		return fmt.Errorf("receiver: source block %d of %d bytes: %w", sbn, int(b.k)*e, store.ErrBudget)
	}
	off, n := r.part.Block(sbn)
	if _, err := r.buffer.ReadAt(arena[:n], int64(off)); err != nil && !errors.Is(err, io.EOF) {
		s.done()
		return err
	}
	clear(arena[n:])
	s.source = s.source[:0]
	for i := range int(b.k) {
		symbol := arena[i*e : (i+1)*e : (i+1)*e]
		if !b.have.has(uint32(i)) {
			symbol = symbol[:0]
		}
		s.source = append(s.source, symbol)
	}
	return nil
}

// save writes the symbols lost from scratch to the object.
func (o *Object) save(sbn fec.SBN, lost []fec.ESI) error {
	r := o.e.rec
	for _, esi := range lost {
		off, n := r.part.Symbol(sbn, esi)
		if _, err := r.buffer.WriteAt(o.l.scratch.source[esi][:n], int64(off)); err != nil {
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
