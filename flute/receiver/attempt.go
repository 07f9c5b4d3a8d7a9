package receiver

import (
	"errors"
	"fmt"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/store"
)

const (
	// maxAttempts bounds the source blocks of one object that are decoded at the same time: enough to keep the workers of
	// a machine busy when one object is all there is.
	maxAttempts = 16
	// maxStalled bounds the list of blocks that wait for memory or for one of those places.
	maxStalled = 4096
	// stallRetry is when a block that waits for memory is tried again at the latest.
	stallRetry = 100 * time.Millisecond
)

// attempt is a source block that a Work decodes. The first Work finds out whether the symbols suffice, if the decoder is a
// fec.Solver; only then the block is put together in memory, and a second Work recovers what is lost. Meanwhile the object
// goes on: symbols of the block that come are taken as ever.
type attempt struct {
	sbn     fec.SBN
	block   *block
	decoder fec.Decoder
	lost    []fec.ESI    // at the beginning of the attempt
	repair  []fec.Symbol // likewise
	arena   *arena       // nil: only find out
	arenas  *arenas
	budget  *store.Budget
	cost    uint64  // charged to budget for as long as this is
	permit  *permit // of a heavy one; nil: it is not
}

// attempt starts the decoding of a block by Works.
func (o *Object) attempt(sbn fec.SBN, b *block) error {
	r := o.e.rec
	if len(r.attempts) >= maxAttempts {
		return o.later(sbn, store.ErrBudget)
	}
	var p *permit
	launched := false
	defer func() { // also when the store panics
		if !launched {
			p.end()
		}
	}()
	if work := workOf(&r.oti, b); work >= heavyWork {
		if p = o.l.cfg.Labour.take(o.l.now, o.l.key.Source, work); p == nil {
			r.unpermitted = true
			return o.later(sbn, store.ErrBudget)
		}
	}
	a := &attempt{
		sbn: sbn, block: b, decoder: b.decoder, lost: b.lostSymbols(), repair: b.repair[:len(b.repair):len(b.repair)],
		arenas: o.l.cfg.arenas, budget: r.budget, permit: p,
	}
	if _, ok := b.decoder.(fec.Solver); !ok {
		if err := o.fill(a); err != nil {
			return o.later(sbn, err)
		}
	}
	launched = true
	b.attempt, b.news = a, false
	r.attempts[a] = struct{}{}
	o.launch(a)
	return nil
}

// fill gives a the block's bytes.
func (o *Object) fill(a *attempt) (err error) {
	if a.arena, err = o.load(a.sbn, a.block, a.lost, 0); err == nil {
		a.cost += a.arena.cost
	}
	return err
}

// launch emits the Work for a.
func (o *Object) launch(a *attempt) {
	o.e.effects.Works = append(o.e.effects.Works, &Work{entry: o.e, object: o.e.rec.object, attempt: a})
}

// run does the work. It uses nothing of the object but the attempt.
func (a *attempt) run() error {
	if a.arena != nil {
		return a.decoder.Recover(a.arena.source, a.repair)
	}
	esis := make([]fec.ESI, len(a.repair))
	for i, s := range a.repair {
		esis[i] = s.ESI
	}
	return a.decoder.(fec.Solver).Solve(a.lost, esis)
}

// release ends the use of what a holds.
func (a *attempt) release() {
	a.budget.Release(a.cost)
	a.cost = 0
	a.permit.end()
	a.permit = nil
	if a.arena != nil {
		a.arenas.put(a.arena)
		a.arena = nil
	}
}

// attempted takes the Work of an attempt that has run.
func (o *Object) attempted(now time.Time, w *Work) {
	r, a := o.e.rec, w.attempt
	if r == nil || r.object != w.object {
		w.Cancel() // ended while the work ran
		return
	}
	if a.block.attempt != a { // all its source symbols have come
		r.end(a)
	} else if o.conclude(a, w.result) != nil {
		return // and the object has failed
	}
	if o.retry() == nil {
		o.advance(now)
	}
}

// conclude draws the conclusion from one Work of an attempt.
func (o *Object) conclude(a *attempt, found result) error {
	r, b := o.e.rec, a.block
	if found.err == nil && a.arena == nil {
		switch err := o.fill(a); {
		case err == nil:
			o.launch(a)
			return nil
		case !errors.Is(err, store.ErrBudget):
			return o.storeFailed(err)
		}
		r.end(a)
		return o.later(a.sbn, store.ErrBudget)
	}
	defer r.end(a)
	b.attempt = nil
	switch err := found.err; {
	case err == nil:
		r.stalled = append(r.stalled, a.sbn) // for the next incarnation, if this one crashes now
		return o.recovered(a.sbn, b, a.arena, b.lostSymbols())
	case errors.Is(err, fec.ErrMoreSymbols):
		if !b.news {
			return nil
		}
		b.news = false
		return o.recover(a.sbn, b)
	case found.reason == event.FailStore: // the Work could not be run, or it has crashed and would again
		o.fail(event.FailQuarantined, fmt.Sprintf("source block %d: %v", a.sbn, err))
	default:
		o.fail(event.FailOTI, err.Error())
	}
	return errStore
}

// end forgets an attempt and frees what it holds.
func (r *reception) end(a *attempt) {
	if a.block.attempt == a {
		a.block.attempt = nil
	}
	delete(r.attempts, a)
	a.release()
}

// retry goes on with blocks that could not be decoded when their symbols came, in their order, until one has to wait
// again: what is missing for that one is missing for all.
func (o *Object) retry() error {
	r := o.e.rec
	stalled := r.stalled
	r.stalled, r.waiting, r.unpermitted = nil, false, false
	for i, sbn := range stalled {
		if b := r.blocks[sbn]; b != nil && !r.complete.has(sbn) {
			if err := o.recover(sbn, b); err != nil {
				return err
			}
		}
		if r.waiting {
			r.stalled = append(r.stalled, stalled[i+1:]...)
			return nil
		}
	}
	return nil
}
