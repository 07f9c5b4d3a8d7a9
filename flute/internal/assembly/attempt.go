package assembly

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/internal/staging"
	"github.com/flute-node/flute-node/store"
)

const (
	// maxAttempts bounds the source blocks of one object that are decoded at the same time: enough to keep the workers
	// of a machine busy when one object is all there is.
	maxAttempts = 16
	// maxStalled bounds the list of blocks that wait for memory or for one of those places.
	maxStalled = 4096
	// RetryAfter is when a block that waits for memory is to be tried again at the latest.
	RetryAfter = 100 * time.Millisecond
)

// Attempt is a source block that is decoded elsewhere. The first run finds out whether the symbols suffice, if the
// decoder is a fec.Solver; only then the block is put together in memory, and the same Attempt is to be run again to
// recover what is lost. What memory does not hold of the block any more is read from the object by that run. Meanwhile
// the Assembly goes on: symbols of the block that come are taken as ever.
type Attempt struct {
	sbn     fec.SBN
	block   *block
	decoder fec.Decoder
	lost    []fec.ESI    // at the beginning of the attempt
	repair  []fec.Symbol // likewise
	arena   *arena       // nil: only find out
	trial   *trial       // nil: the variant is known, and decoder has it
	object  *staging.Object
	arenas  *Arenas
	budget  *store.Budget
	cost    uint64  // charged to budget for as long as this is, besides that of arena
	permit  *Permit // of a heavy one; nil: it is not
}

// attempt starts the decoding of a block elsewhere, from m; nil: it is still to be put together. The error is a
// *Failure.
func (a *Assembly) attempt(now time.Time, sbn fec.SBN, b *block, m *arena) error {
	p, free, err := a.admit(now, sbn, b)
	if !free {
		if m != nil {
			a.unload(m)
		}
		return err
	}
	at := &Attempt{
		sbn: sbn, block: b, decoder: b.decoder, lost: b.lostSymbols(), repair: b.repair[:len(b.repair):len(b.repair)],
		arenas: a.sender.Arenas, object: a.object, budget: a.budget, permit: p,
	}
	if m != nil {
		at.arena = m
	} else if _, ok := b.decoder.(fec.Solver); !ok {
		if err := a.fill(at); err != nil {
			p.End()
			return a.later(sbn, err)
		}
	}
	a.launch(at)
	return nil
}

// launch has at run elsewhere.
func (a *Assembly) launch(at *Attempt) {
	if at.isProof() {
		a.proof = at
	} else {
		at.block.attempt, at.block.news = at, false
	}
	a.attempts[at] = struct{}{}
	a.effects.Attempts = append(a.effects.Attempts, at)
}

// isProof reports whether at only finds out which variant the sender uses.
func (at *Attempt) isProof() bool { return at.trial != nil && at.trial.kind == trialProof }

// try runs a trial here and now if its block is small and in memory, else elsewhere. The error is a *Failure.
func (a *Assembly) try(now time.Time, at *Attempt) error {
	if a.sender.Inline || !at.Reads() && int(at.block.k)*int(a.OTI.SymbolLength) <= inlineBytes {
		defer a.Abandon(at)
		return a.concludeTrial(now, at, at.Run(nil))
	}
	p, free, err := a.admit(now, at.sbn, at.block)
	if !free {
		at.Release()
		return err
	}
	at.permit = p
	a.launch(at)
	return nil
}

// admit finds a place among the attempts for a block, and a permit if it takes one; free is false if the block has to
// wait. The error is a *Failure.
func (a *Assembly) admit(now time.Time, sbn fec.SBN, b *block) (p *Permit, free bool, err error) {
	if len(a.attempts) >= maxAttempts { // the end of one of them calls Retry
		a.stall(sbn)
		return nil, false, nil
	}
	if work := workOf(&a.OTI, b); work >= heavyWork {
		if p = a.sender.Labour.Take(now, a.sender.Source, work); p == nil {
			a.unpermitted = true
			return nil, false, a.later(sbn, store.ErrBudget)
		}
	}
	return p, true, nil
}

// fill gives at the block's bytes.
func (a *Assembly) fill(at *Attempt) (err error) {
	at.arena, err = a.load(at.sbn, at.block, at.lost, 0)
	return err
}

// Reads reports whether Run waits for the store.
func (at *Attempt) Reads() bool { return at.arena != nil && len(at.arena.gaps) > 0 }

// Run does the work. It uses nothing of the Assembly but the Attempt and the object. It holds cpu, which may be nil,
// while it computes. The error is for Conclude.
func (at *Attempt) Run(cpu sync.Locker) error {
	if at.Reads() {
		if err := at.read(); err != nil {
			return storeFailure(err)
		}
	}
	if cpu != nil {
		cpu.Lock()
		defer cpu.Unlock()
	}
	if at.trial != nil {
		return at.trial.run(at)
	}
	if at.arena != nil {
		return at.decoder.Recover(at.arena.source, at.repair)
	}
	esis := make([]fec.ESI, len(at.repair))
	for i, s := range at.repair {
		esis[i] = s.ESI
	}
	return at.decoder.(fec.Solver).Solve(at.lost, esis)
}

// read reads what memory does not hold of the block.
func (at *Attempt) read() error {
	object, err := at.object.Open()
	if err != nil {
		return err
	}
	return at.arena.read(object)
}

// Release ends the use of what at holds: for one whose Assembly was released, and that is not being run.
func (at *Attempt) Release() {
	at.budget.Release(at.cost)
	at.cost = 0
	at.permit.End()
	at.permit = nil
	if at.arena != nil && !at.arena.lent {
		at.budget.Release(at.arena.cost)
		at.arenas.put(at.arena)
	}
	at.arena = nil
}

// Conclude takes back an Attempt of this Assembly that was run, and the error of Run. Retry is worth while then,
// unless IsWaiting. The error is a *Failure.
func (a *Assembly) Conclude(now time.Time, at *Attempt, err error) error {
	a.waiting = false
	b := at.block
	if b.attempt != at && a.proof != at { // all its source symbols have come
		a.Abandon(at)
		return nil
	}
	if err == nil && at.arena == nil {
		if err = a.fill(at); err == nil {
			a.effects.Attempts = append(a.effects.Attempts, at)
			return nil
		}
		a.Abandon(at)
		return a.later(at.sbn, err)
	}
	defer a.Abandon(at)
	if b.attempt == at {
		b.attempt = nil
	}
	if at.trial != nil {
		return a.concludeTrial(now, at, err)
	}
	if err == nil {
		return a.recovered(at.sbn, b, at.arena, b.lostSymbols())
	}
	return a.undecoded(now, at, err)
}

// undecoded takes an Attempt at a block that could not be decoded.
func (a *Assembly) undecoded(now time.Time, at *Attempt, err error) error {
	switch b := at.block; {
	case AsFailure(err) != nil:
		return err
	case !errors.Is(err, fec.ErrMoreSymbols):
		return codeFailure(err)
	case b.news:
		b.news = false
		return a.recover(now, at.sbn, b)
	}
	return nil
}

// concludeTrial takes what a trial has found out.
func (a *Assembly) concludeTrial(now time.Time, at *Attempt, err error) error {
	switch t := at.trial; {
	case err != nil:
		return a.undecoded(now, at, err)
	case t.kind == trialGuess:
		return a.guessed(at)
	case t.kind == trialRedo:
		return a.redone(now, at)
	case t.known && a.sender.Variant == "":
		a.detected(t.found, "surplus_symbol")
		_, err := a.Settle(now)
		return err
	}
	return nil
}

// Crashed takes back an Attempt of this Assembly that could not be run, or whose run panicked. It would again, so the
// error is a *Failure, unless the source block needs no decoding any more.
func (a *Assembly) Crashed(at *Attempt, err error) error {
	needed := at.block.attempt == at
	a.Abandon(at)
	if !needed {
		return nil
	}
	return &Failure{CauseCrash, fmt.Errorf("source block %d: %w", at.sbn, err)}
}

// Abandon forgets an Attempt of this Assembly that is not being run, and frees what it holds.
func (a *Assembly) Abandon(at *Attempt) {
	if at.block.attempt == at {
		at.block.attempt = nil
	}
	if a.proof == at {
		a.proof = nil
	}
	delete(a.attempts, at)
	at.Release()
}
