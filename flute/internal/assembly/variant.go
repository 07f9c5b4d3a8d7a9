package assembly

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"slices"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/store"
)

// Several variants of Reed-Solomon codes share one wire format. Which of them the sender uses is found out once per
// sender: source blocks are recovered under a guess, and what they hold is kept until a surplus symbol or the object's
// digest proves it right or wrong. A surplus symbol cannot tell Rizzo's variant from that of RFC 5510 in a block that
// lost its source symbol 0: all other points of the two differ by one factor.

// maxProbes bounds how often a block is read back to find out which variant a sender uses: blocks of one or two symbols
// look the same in several variants, and a forged symbol in none.
const maxProbes = 256

// variant returns the variant to assume, and whether that is only a guess.
func (a *Assembly) variant() (fec.Variant, bool) {
	variants := a.scheme.Variants()
	switch {
	case len(variants) < 2:
		return "", false
	case a.sender.Variant != "":
		return a.sender.Variant, false
	}
	return variants[0], true
}

// compare decodes the block, which m holds decoded with the first variant, with the others too. known: a symbol more
// than was needed agrees with one variant, v, only. decisive: each variant gives something else, so that the digest
// will tell them apart. m holds the result of v afterwards.
func (a *Assembly) compare(b *block, m *arena, lost []fec.ESI) (v fec.Variant, known, decisive bool) {
	variants := a.scheme.Variants()
	surplus := len(b.repair) > len(lost)
	if !surplus && a.decisive {
		return variants[0], false, false
	}
	var agreeing []fec.Variant
	results := map[[sha256.Size]byte]struct{}{}
	for _, v := range variants {
		d, err := a.decodeAs(v, b, m, lost)
		if err != nil {
			continue
		}
		if surplus && agrees(d, m.source, b.repair) {
			agreeing = append(agreeing, v)
		}
		h := sha256.New()
		for _, esi := range lost {
			h.Write(m.source[esi])
		}
		results[[sha256.Size]byte(h.Sum(nil))] = struct{}{}
	}
	v = variants[0]
	if known = len(agreeing) == 1; known {
		v = agreeing[0]
	}
	_, _ = a.decodeAs(v, b, m, lost) // it could before
	return v, known, len(results) == len(variants)
}

// decodeAs recovers the lost symbols in m with the variant v.
func (a *Assembly) decodeAs(v fec.Variant, b *block, m *arena, lost []fec.ESI) (fec.Decoder, error) {
	d, err := a.scheme.NewDecoder(&a.OTI, v, b.k)
	if err != nil {
		return nil, err
	}
	for _, esi := range lost {
		m.source[esi] = m.source[esi][:0]
	}
	if err := d.Recover(m.source, b.repair); err != nil {
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

// prove uses a symbol of a complete block to find out which variant the sender uses: a repair symbol, or a source
// symbol that was recovered under a guess. The error is a *Failure.
func (a *Assembly) prove(sbn fec.SBN, esi fec.ESI, k uint32, symbol []byte) error {
	if a.sender.Variant != "" || a.sender.probes >= maxProbes {
		return nil
	}
	b := a.blocks[sbn] // complete, so it is one that was recovered under a guess; or nil
	known := b.holds(esi)
	if isSource := uint32(esi) < k; known || isSource && b == nil {
		return nil
	}
	if len(a.scheme.Variants()) < 2 {
		return nil
	}
	a.sender.probes++
	if b == nil {
		b = &block{received: received{k: k}}
	}
	m, err := a.load(sbn, b, b.lost, a.guessCost())
	if err != nil {
		return nil
	}
	defer a.unload(m)
	var matching []fec.Variant
	for _, v := range a.scheme.Variants() {
		d, err := a.decodeAs(v, b, m, b.lost)
		if err != nil {
			continue
		}
		if uint32(esi) < k && bytes.HasPrefix(m.source[esi], symbol) ||
			uint32(esi) >= k && d.Matches(m.source, fec.Symbol{ESI: esi, Data: symbol}) {
			matching = append(matching, v)
		}
	}
	if len(matching) != 1 {
		return nil
	}
	a.detected(matching[0], "surplus_symbol")
	if err := a.recode(matching[0]); err != nil && !errors.Is(err, store.ErrBudget) { // AssumeKnown tries again
		return storeFailure(err)
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

// AssumeKnown makes every block that was recovered under a guess hold what the sender's variant says, if that is known
// now. The error is store.ErrBudget, and nothing has changed, or the store's.
func (a *Assembly) AssumeKnown() error {
	if a.guesses == 0 || a.sender.Variant == "" {
		return nil
	}
	return a.recode(a.sender.Variant)
}

// recode makes every block that was recovered under a guess hold what the variant v says, and forgets the guesses. The
// error is store.ErrBudget, and nothing has changed, or the store's.
func (a *Assembly) recode(v fec.Variant) error {
	m, err := a.arena(a.part.Large, a.guessCost())
	if err != nil {
		return err
	}
	defer a.unload(m)
	for sbn, b := range a.blocks {
		if b.lost == nil {
			continue
		}
		if b.guess != v {
			if err := a.redo(v, sbn, b, m); err != nil {
				return err
			}
		}
		b.lost = nil
		a.guesses--
		a.forget(sbn, b)
	}
	return nil
}

// redo decodes the guessed block b again with the variant v, in m.
func (a *Assembly) redo(v fec.Variant, sbn fec.SBN, b *block, m *arena) error {
	if err := a.read(m, sbn, b.k, b.lost); err != nil {
		return err
	}
	if _, err := a.decodeAs(v, b, m, b.lost); err == nil { // else the digest will say that this variant cannot be it
		if err := a.save(sbn, m, b.lost); err != nil {
			return err
		}
	}
	b.guess = v
	return nil
}

// AssumeNext decodes guessed blocks with the variant after the one that the content has just refused. false: there is
// none. The error is store.ErrBudget, and nothing has changed, or the store's.
func (a *Assembly) AssumeNext() (bool, error) {
	if a.guesses == 0 {
		return false, nil
	}
	m, err := a.arena(a.part.Large, a.guessCost())
	if err != nil {
		return false, err
	}
	defer a.unload(m)
	variants := a.scheme.Variants()
	for sbn, b := range a.blocks {
		if b.lost == nil {
			continue
		}
		next := slices.Index(variants, b.guess) + 1
		if next == len(variants) {
			return false, nil
		}
		if err := a.redo(variants[next], sbn, b, m); err != nil {
			return false, err
		}
	}
	return true, nil
}

// Proved tells that the content is right: a digest agrees. The variant under which a block was recovered is the
// sender's.
func (a *Assembly) Proved() {
	if a.guesses == 0 || !a.decisive || a.sender.Variant != "" {
		return
	}
	for _, b := range a.blocks {
		if b.lost != nil {
			a.detected(b.guess, "digest")
			return
		}
	}
}

// detected remembers the variant for all objects of the sender.
func (a *Assembly) detected(v fec.Variant, by string) {
	a.sender.Variant = v
	a.effects.Variant, a.effects.By = v, by
}
