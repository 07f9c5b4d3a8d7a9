package assembly

import (
	"errors"
	"fmt"
	"time"

	"github.com/flute-node/flute-node/fec"
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

// Attempt is a source block that is decoded elsewhere: processor work without a store. The first run finds out whether
// the symbols suffice, if the decoder is a fec.Solver; only then the block is put together in memory, and the same
// Attempt is to be run again to recover what is lost. Meanwhile the object goes on: symbols of the block that come are
// taken as ever.
type Attempt struct {
	sbn     fec.SBN
	block   *block
	decoder fec.Decoder
	lost    []fec.ESI    // at the beginning of the attempt
	repair  []fec.Symbol // likewise
	arena   *arena       // nil: only find out
	arenas  *Arenas
	budget  *store.Budget
	cost    uint64  // charged to budget for as long as this is
	permit  *Permit // of a heavy one; nil: it is not
}

// attempt starts the decoding of a block elsewhere. The error is a *Failure.
func (a *Assembly) attempt(now time.Time, sbn fec.SBN, b *block) error {
	if len(a.attempts) >= maxAttempts {
		return a.later(sbn, store.ErrBudget)
	}
	var p *Permit
	launched := false
	defer func() { // also when the store panics
		if !launched {
			p.End()
		}
	}()
	if work := workOf(&a.OTI, b); work >= heavyWork {
		if p = a.sender.Labour.Take(now, a.sender.Source, work); p == nil {
			a.unpermitted = true
			return a.later(sbn, store.ErrBudget)
		}
	}
	at := &Attempt{
		sbn: sbn, block: b, decoder: b.decoder, lost: b.lostSymbols(), repair: b.repair[:len(b.repair):len(b.repair)],
		arenas: a.sender.Arenas, budget: a.budget, permit: p,
	}
	if _, ok := b.decoder.(fec.Solver); !ok {
		if err := a.fill(at); err != nil {
			return a.later(sbn, err)
		}
	}
	launched = true
	b.attempt, b.news = at, false
	a.attempts[at] = struct{}{}
	a.effects.Attempts = append(a.effects.Attempts, at)
	return nil
}

// fill gives at the block's bytes.
func (a *Assembly) fill(at *Attempt) (err error) {
	if at.arena, err = a.load(at.sbn, at.block, at.lost, 0); err == nil {
		at.cost += at.arena.cost
	}
	return err
}

// Run does the work. It uses nothing of the object but the Attempt. The error is for Conclude.
func (at *Attempt) Run() error {
	if at.arena != nil {
		return at.decoder.Recover(at.arena.source, at.repair)
	}
	esis := make([]fec.ESI, len(at.repair))
	for i, s := range at.repair {
		esis[i] = s.ESI
	}
	return at.decoder.(fec.Solver).Solve(at.lost, esis)
}

// Release ends the use of what at holds: for one whose Assembly was released, and that is not being run.
func (at *Attempt) Release() {
	at.budget.Release(at.cost)
	at.cost = 0
	at.permit.End()
	at.permit = nil
	if at.arena != nil {
		at.arenas.put(at.arena)
		at.arena = nil
	}
}

// Conclude takes back an Attempt of this Assembly that was run, and the error of Run. Retry is worth while then. The
// error is a *Failure.
func (a *Assembly) Conclude(now time.Time, at *Attempt, err error) error {
	b := at.block
	if b.attempt != at { // all its source symbols have come
		a.End(at)
		return nil
	}
	if err == nil && at.arena == nil {
		if err = a.fill(at); err == nil {
			a.effects.Attempts = append(a.effects.Attempts, at)
			return nil
		}
		a.End(at)
		return a.later(at.sbn, err)
	}
	defer a.End(at)
	b.attempt = nil
	switch {
	case err == nil:
		a.stalled = append(a.stalled, at.sbn) // for whoever goes on, if this panics now
		return a.recovered(at.sbn, b, at.arena, b.lostSymbols())
	case errors.Is(err, fec.ErrMoreSymbols):
		if !b.news {
			return nil
		}
		b.news = false
		return a.recover(now, at.sbn, b)
	}
	return codeFailure(err)
}

// Crashed takes back an Attempt of this Assembly that could not be run, or whose run panicked. It would again, so the
// error is a *Failure, unless the source block needs no decoding any more.
func (a *Assembly) Crashed(at *Attempt, err error) error {
	needed := at.block.attempt == at
	a.End(at)
	if !needed {
		return nil
	}
	return &Failure{CauseCrash, fmt.Errorf("source block %d: %w", at.sbn, err)}
}

// End forgets an Attempt of this Assembly that is not being run, and frees what it holds.
func (a *Assembly) End(at *Attempt) {
	if at.block.attempt == at {
		at.block.attempt = nil
	}
	delete(a.attempts, at)
	at.Release()
}
