package assembly

import (
	"bytes"
	"slices"
	"time"

	"github.com/flute-node/flute-node/fec"
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

// prove uses a symbol of a complete block to find out which variant the sender uses: a repair symbol, or a source
// symbol that was recovered under a guess. The error is a *Failure.
func (a *Assembly) prove(now time.Time, sbn fec.SBN, esi fec.ESI, k uint32, symbol []byte) error {
	if a.sender.Variant != "" || a.sender.probes >= maxProbes || a.proof != nil {
		return nil
	}
	b := a.blocks[sbn] // complete, so it is one that was recovered under a guess; or nil
	known := b.holds(esi)
	if isSource := uint32(esi) < k; known || isSource && b == nil || b != nil && b.attempt != nil {
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
	at := a.trial(sbn, b, m, trialProof, "")
	at.trial.symbol = fec.Symbol{ESI: esi, Data: bytes.Clone(symbol)}
	return a.try(now, at)
}

// AssumeNext has Settle assume the variant after the one that the content has just refused. false: there is none.
func (a *Assembly) AssumeNext() bool {
	if a.guesses == 0 {
		return false
	}
	variants := a.scheme.Variants()
	next := max(0, slices.Index(variants, a.assumed)) + 1
	if next == len(variants) {
		return false
	}
	a.assumed = variants[next]
	return true
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
