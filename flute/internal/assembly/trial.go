package assembly

import (
	"bytes"
	"crypto/sha256"

	"github.com/flute-node/flute-node/fec"
)

// trial is what an Attempt finds out, or tries, of the variants of a scheme.
type trial struct {
	kind    trialKind
	scheme  fec.Scheme
	oti     *fec.OTI
	variant fec.Variant // to decode with
	symbol  fec.Symbol  // of trialProof

	// Of trialGuess, and found by it: each variant gives something else, so that the digest will tell them apart.
	decisive bool

	found fec.Variant // what the block holds now; of trialProof: what the symbol agrees with
	known bool        // found is the sender's
}

type trialKind uint8

const (
	trialGuess trialKind = iota // recover the block under a guess
	trialProof                  // find out which variant a symbol more agrees with
	trialRedo                   // recover again what was recovered under another guess
)

// trial returns an Attempt at a block that m is loaded with.
func (a *Assembly) trial(sbn fec.SBN, b *block, m *arena, kind trialKind, variant fec.Variant) *Attempt {
	return &Attempt{
		sbn: sbn, block: b, lost: m.lost, repair: b.repair[:len(b.repair):len(b.repair)], arena: m,
		arenas: a.sender.Arenas, object: a.object, budget: a.budget,
		trial: &trial{kind: kind, scheme: a.scheme, oti: &a.OTI, variant: variant, decisive: a.decisive},
	}
}

// run does what is to be done once the block is loaded.
func (t *trial) run(at *Attempt) error {
	switch t.kind {
	case trialGuess:
		if _, err := t.decode(t.variant, at); err != nil {
			return err
		}
		t.compare(at)
	case trialProof:
		t.prove(at)
	case trialRedo:
		_, err := t.decode(t.variant, at)
		t.known = err == nil // else the digest will say that this variant cannot be it
	}
	return nil
}

// compare decodes the block, which is decoded with the first variant, with the others too. A symbol more than was
// needed may agree with one of them only. Afterwards the block is decoded with the one found.
func (t *trial) compare(at *Attempt) {
	variants := t.scheme.Variants()
	t.found = variants[0]
	surplus := len(at.repair) > len(at.lost)
	if !surplus && t.decisive {
		t.decisive = false
		return
	}
	var agreeing []fec.Variant
	results := map[[sha256.Size]byte]struct{}{}
	for _, v := range variants {
		d, err := t.decode(v, at)
		if err != nil {
			continue
		}
		if surplus && agrees(d, at.arena.source, at.repair) {
			agreeing = append(agreeing, v)
		}
		h := sha256.New()
		for _, esi := range at.lost {
			h.Write(at.arena.source[esi])
		}
		results[[sha256.Size]byte(h.Sum(nil))] = struct{}{}
	}
	if t.known = len(agreeing) == 1; t.known {
		t.found = agreeing[0]
	}
	_, _ = t.decode(t.found, at) // it could before
	t.decisive = len(results) == len(variants)
}

// prove finds the variant that the symbol agrees with, if it is one only.
func (t *trial) prove(at *Attempt) {
	var matching []fec.Variant
	for _, v := range t.scheme.Variants() {
		d, err := t.decode(v, at)
		if err != nil {
			continue
		}
		source, s := at.arena.source, t.symbol
		if int(s.ESI) < len(source) && bytes.HasPrefix(source[s.ESI], s.Data) ||
			int(s.ESI) >= len(source) && d.Matches(source, s) {
			matching = append(matching, v)
		}
	}
	if t.known = len(matching) == 1; t.known {
		t.found = matching[0]
	}
}

// decode recovers the lost symbols with the variant v.
func (t *trial) decode(v fec.Variant, at *Attempt) (fec.Decoder, error) {
	source := at.arena.source
	d, err := t.scheme.NewDecoder(t.oti, v, uint32(len(source)))
	if err != nil {
		return nil, err
	}
	for _, esi := range at.lost {
		source[esi] = source[esi][:0]
	}
	if err := d.Recover(source, at.repair); err != nil {
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
