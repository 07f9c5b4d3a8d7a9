package receiver

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"slices"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/store"
)

// Several codes of the Reed-Solomon family share one wire format. Which of them the sender uses is found out once per
// session: source blocks are recovered under a guess, and what they hold is kept until a surplus symbol or the object's
// digest proves it right or wrong. A surplus symbol cannot tell Rizzo's code from that of RFC 5510 in a block that lost
// its source symbol 0: all other points of the two differ by one factor.

// maxProbes bounds how often a session reads a block back to find out which code the sender uses: blocks of one or two
// symbols look the same in several codes, and a forged symbol in none.
const maxProbes = 256

// variantFor returns the code to assume, and whether that is only a guess.
func (o *Object) variantFor(s fec.Scheme) (fec.Variant, bool) {
	variants := s.Variants()
	switch {
	case len(variants) < 2:
		return "", false
	case o.l.variant != "":
		return o.l.variant, false
	}
	return variants[0], true
}

// compare decodes the block, which a holds decoded with the first code, with the others too. known: a symbol more than was
// needed agrees with one code, v, only. decisive: each code gives something else, so that the digest will tell them apart. a
// holds the result of v afterwards.
func (o *Object) compare(b *block, a *arena, lost []fec.ESI) (v fec.Variant, known, decisive bool) {
	variants := o.e.rec.scheme.Variants()
	surplus := len(b.repair) > len(lost)
	if !surplus && o.e.rec.decisive {
		return variants[0], false, false
	}
	var agreeing []fec.Variant
	results := map[[sha256.Size]byte]struct{}{}
	for _, v := range variants {
		d, err := o.decodeAs(v, b, a, lost)
		if err != nil {
			continue
		}
		if surplus && agrees(d, a.source, b.repair) {
			agreeing = append(agreeing, v)
		}
		h := sha256.New()
		for _, esi := range lost {
			h.Write(a.source[esi])
		}
		results[[sha256.Size]byte(h.Sum(nil))] = struct{}{}
	}
	v = variants[0]
	if known = len(agreeing) == 1; known {
		v = agreeing[0]
	}
	_, _ = o.decodeAs(v, b, a, lost) // it could before
	return v, known, len(results) == len(variants)
}

// decodeAs recovers the lost symbols in a with the code v.
func (o *Object) decodeAs(v fec.Variant, b *block, a *arena, lost []fec.ESI) (fec.Decoder, error) {
	r := o.e.rec
	d, err := r.scheme.NewDecoder(&r.oti, v, b.k)
	if err != nil {
		return nil, err
	}
	for _, esi := range lost {
		a.source[esi] = a.source[esi][:0]
	}
	if err := d.Recover(a.source, b.repair); err != nil {
		return nil, err
	}
	return d, nil
}

func agrees(d fec.Decoder, source [][]byte, repair []fec.Symbol) bool {
	for _, s := range repair {
		if !d.Matches(source, s) {
			return false
		}
	}
	return true
}

// prove uses a symbol of a complete block to find out which code the sender uses: a repair symbol, or a source symbol
// that was recovered under a guess. The error is errStore, and the object has failed.
func (o *Object) prove(sbn fec.SBN, esi fec.ESI, k uint32, symbol []byte) error {
	r := o.e.rec
	if o.l.variant != "" || o.l.probes >= maxProbes {
		return nil
	}
	b := r.blocks[sbn] // complete, so it is one that was recovered under a guess; or nil
	known := b.holds(esi)
	if isSource := uint32(esi) < k; known || isSource && b == nil {
		return nil
	}
	if len(r.scheme.Variants()) < 2 {
		return nil
	}
	o.l.probes++
	if b == nil {
		b = &block{k: k}
	}
	a, err := o.load(sbn, b, b.lost, o.guessCost())
	if err != nil {
		return nil
	}
	defer o.unload(a)
	var matching []fec.Variant
	for _, v := range r.scheme.Variants() {
		d, err := o.decodeAs(v, b, a, b.lost)
		if err != nil {
			continue
		}
		if uint32(esi) < k && bytes.HasPrefix(a.source[esi], symbol) ||
			uint32(esi) >= k && d.Matches(a.source, fec.Symbol{ESI: esi, Data: symbol}) {
			matching = append(matching, v)
		}
	}
	if len(matching) != 1 {
		return nil
	}
	o.detected(matching[0], "surplus_symbol")
	if err := o.recode(matching[0]); err != nil && !errors.Is(err, store.ErrBudget) { // finish tries again
		return o.storeFailed(err)
	}
	return nil
}

// holds reports whether a guessed block was decoded from symbol esi.
func (b *block) holds(esi fec.ESI) bool {
	if b == nil {
		return false
	}
	if uint32(esi) >= b.k {
		_, ok := b.seen[esi]
		return ok
	}
	_, lost := slices.BinarySearch(b.lost, esi)
	return !lost
}

// recode makes every block that was recovered under a guess hold what the code v says, and forgets the guesses. The error is
// store.ErrBudget, and nothing has changed, or the store's.
func (o *Object) recode(v fec.Variant) error {
	r := o.e.rec
	a, err := o.arena(r.part.Large, o.guessCost())
	if err != nil {
		return err
	}
	defer o.unload(a)
	for sbn, b := range r.blocks {
		if b.lost == nil {
			continue
		}
		if b.guess != v {
			if err := o.redo(v, sbn, b, a); err != nil {
				return err
			}
		}
		b.lost = nil
		r.guesses--
		r.forget(sbn, b)
	}
	return nil
}

// redo decodes the guessed block b again with the code v, in a.
func (o *Object) redo(v fec.Variant, sbn fec.SBN, b *block, a *arena) error {
	if err := o.read(a, sbn, b.k, b.lost); err != nil {
		return err
	}
	if _, err := o.decodeAs(v, b, a, b.lost); err == nil { // else the digest will say that this code cannot be it
		if err := o.save(sbn, a, b.lost); err != nil {
			return err
		}
	}
	b.guess = v
	return nil
}

// tryNextCode decodes guessed blocks with the code after the one that the content has just refused. false: there is
// none. The error is store.ErrBudget, and nothing has changed, or the store's.
func (o *Object) tryNextCode() (bool, error) {
	r := o.e.rec
	if r.guesses == 0 {
		return false, nil
	}
	a, err := o.arena(r.part.Large, o.guessCost())
	if err != nil {
		return false, err
	}
	defer o.unload(a)
	variants := r.scheme.Variants()
	for sbn, b := range r.blocks {
		if b.lost == nil {
			continue
		}
		next := 1
		for i, v := range variants {
			if v == b.guess {
				next = i + 1
			}
		}
		if next >= len(variants) {
			return false, nil
		}
		if err := o.redo(variants[next], sbn, b, a); err != nil {
			return false, err
		}
	}
	return true, nil
}

// proven remembers the code under which a block was recovered whose object has proved right.
func (o *Object) proven() {
	r := o.e.rec
	if r.guesses == 0 || !r.decisive || o.l.variant != "" {
		return
	}
	for _, b := range r.blocks {
		if b.lost != nil {
			o.detected(b.guess, "digest")
			return
		}
	}
}

// detected remembers the code for the whole session.
func (o *Object) detected(v fec.Variant, by string) {
	o.l.variant = v
	o.emit(event.MatrixDetected{Session: o.l.key, Matrix: string(v), By: by})
}
