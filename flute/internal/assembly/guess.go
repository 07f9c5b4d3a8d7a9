package assembly

import (
	"slices"
	"time"

	"github.com/flute-node/flute-node/fec"
)

// A source block that was recovered under a guess of the variant is complete, and kept until the guess is proved, or
// until all that it has recovered has come.

// recoverGuessing decodes the block with a variant that may not be the sender's. The error is a *Failure.
func (a *Assembly) recoverGuessing(now time.Time, sbn fec.SBN, b *block, variant fec.Variant) error {
	d, err := a.scheme.NewDecoder(&a.OTI, variant, b.k)
	if err != nil || !d.Ready(int(b.sources), len(b.repair)) {
		return nil
	}
	m, err := a.load(sbn, b, b.lostSymbols(), a.guessCost())
	if err != nil {
		return a.later(sbn, err)
	}
	return a.try(now, a.trial(sbn, b, m, trialGuess, variant))
}

// guessed completes a block that was recovered under a guess.
func (a *Assembly) guessed(at *Attempt) error {
	b, t := at.block, at.trial
	lost := b.lostSymbols()
	if err := a.save(at.sbn, at.arena, lost); err != nil {
		return err
	}
	if t.known {
		a.detected(t.found, "surplus_symbol")
	} else {
		b.guess, b.lost = t.found, lost
		if a.guesses == 0 || at.sbn < a.firstGuess {
			a.firstGuess = at.sbn
		}
		a.guesses++
		a.decisive = a.decisive || t.decisive
	}
	a.repaired(at.sbn, b, lost)
	return nil
}

// isGuessed reports whether source symbol esi of block sbn was recovered under a guess.
func (a *Assembly) isGuessed(sbn fec.SBN, esi fec.ESI) bool {
	b := a.blocks[sbn]
	if b == nil {
		return false
	}
	_, lost := slices.BinarySearch(b.lost, esi)
	return lost
}

// replaceGuess takes a source symbol that was recovered under a guess and has come since: from then on it is held as
// what was sent is, and noted. It reports whether it did. The error is a *Failure.
func (a *Assembly) replaceGuess(sbn fec.SBN, esi fec.ESI, symbol []byte) (bool, error) {
	b := a.blocks[sbn]
	if !a.isGuessed(sbn, esi) {
		return false, nil
	}
	n, err := a.write(sbn, esi, symbol)
	if err != nil {
		if AsFailure(err) != nil {
			return false, err
		}
		return false, nil // no memory: it is held as it was recovered
	}
	// Trials that are under way have the list as it was.
	b.lost = slices.DeleteFunc(slices.Clone(b.lost), func(lost fec.ESI) bool { return lost == esi })
	a.Received += uint64(n)
	a.Repaired--
	a.sender.Repaired--
	a.decisive = false // what is left of the guess may be the same in all variants
	a.touch(sbn, b)
	if len(b.lost) == 0 {
		a.endGuess(sbn, b)
	}
	return true, nil
}

// endGuess tells that a block holds what was sent.
func (a *Assembly) endGuess(sbn fec.SBN, b *block) {
	b.lost = nil
	a.guesses--
	a.touch(sbn, b)
	a.forget(sbn, b)
	if sbn == a.firstGuess {
		a.findFirstGuess()
	}
}

// confirm ends the guesses that have shown to be right since, by symbols of other blocks or objects.
func (a *Assembly) confirm() {
	if a.guesses == 0 || a.confirmed == a.sender.Variant {
		return
	}
	a.confirmed = a.sender.Variant
	for sbn, b := range a.blocks {
		if b.lost != nil && b.attempt == nil && b.guess == a.confirmed {
			a.endGuess(sbn, b)
		}
	}
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

// Settle makes every block that was recovered under a guess hold what the sender's variant says, if that is known, or
// else the variant of the latest AssumeNext. It reports whether they do, and no symbol is being compared that may prove
// another: else Attempts are under way, or IsWaiting tells that Retry is to be called. The error is a *Failure.
func (a *Assembly) Settle(now time.Time) (bool, error) {
	if a.guesses == 0 {
		return true, nil
	}
	if a.sender.Variant != "" {
		a.assumed = a.sender.Variant
	}
	for sbn, b := range a.blocks {
		if b.lost != nil {
			if err := a.redo(now, sbn, b); err != nil {
				return false, err
			}
		}
	}
	for _, b := range a.blocks {
		if b.lost != nil && (b.attempt != nil || !a.isAssumed(b)) {
			return false, nil
		}
	}
	return a.guesses == 0 || a.proof == nil, nil
}

// isAssumed reports whether a guessed block holds what it should.
func (a *Assembly) isAssumed(b *block) bool { return a.assumed == "" || b.guess == a.assumed }

// redo decodes a guessed block again, unless it holds what it should. One of the sender's variant is not guessed any
// more. The error is a *Failure.
func (a *Assembly) redo(now time.Time, sbn fec.SBN, b *block) error {
	switch {
	case b.attempt != nil:
		return nil
	case !a.isAssumed(b):
		m, err := a.load(sbn, b, b.lost, a.guessCost())
		if err != nil {
			return a.later(sbn, err)
		}
		return a.try(now, a.trial(sbn, b, m, trialRedo, a.assumed))
	case b.guess == a.sender.Variant:
		a.endGuess(sbn, b)
	}
	return nil
}

// redone takes what a block is now that it was decoded again.
func (a *Assembly) redone(now time.Time, at *Attempt) error {
	b, t := at.block, at.trial
	if t.known {
		if err := a.save(at.sbn, at.arena, b.lost); err != nil {
			return err
		}
	}
	b.guess = t.variant
	return a.redo(now, at.sbn, b)
}

// findFirstGuess looks for the next guessed block, if there is one.
func (a *Assembly) findFirstGuess() {
	found := false
	for sbn, b := range a.blocks {
		if b.lost != nil && (!found || sbn < a.firstGuess) {
			a.firstGuess, found = sbn, true
		}
	}
}
