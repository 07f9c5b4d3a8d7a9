package receiver

import (
	"time"

	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/internal/assembly"
	"github.com/flute-node/flute-node/flute/internal/content"
	"github.com/flute-node/flute-node/store"
)

// holding is what a session holds of one object: its symbols and staged bytes, and how far they were verified. It
// outlives the Object that works on it: another one goes on from here.
type holding struct {
	assembly.Assembly
	undescribed bool            // its memory is that of undescribed objects
	digest      *content.Digest // the object's prefix hashed so far; nil before the first Work
	working     bool            // a Work uses the digest; nobody else may
	tagging     bool            // it makes the tags of an object whose digest has failed
	writes      time.Time       // when the Work that writes began; its end leaves it
	short       bool            // it is counted in Ledger.short
	backlog     uint64          // what it adds to Ledger.backlog
	publishing  bool            // it counts in Ledger.publishing
	differs     time.Time       // when a symbol last came in another version than before; see doubt
	tried       int             // how often it was verified since then
	queued      bool            // whole, and waiting for the publication of an older version
	waiting     bool            // for memory to decode again what a wrong guess has recovered, or for its turn
	percent     uint64          // last announced progress
	progress    uint64          // how many received bytes make the next percent; 0: not computed yet
	told        time.Time       // when progress was announced last; zero: it was not
	unwanted    uint64          // how long the prefix was when it was to be hashed last, but nobody wanted a digest
	rate        rate
	checkpoints checkpoints
	resumed     uint64 // bytes that an earlier process has received
}

// holdingOverhead is charged for an object while symbols of it are held, besides what its Assembly charges: holding,
// the first source block, and the actor that works on it.
const holdingOverhead = 15 << 8

// holdingCost returns what is charged for an object of length bytes. For an FDT Instance receiptOverhead is.
func (c *Config) holdingCost(length uint64) uint64 {
	if c.forFDT == nil || length == 0 {
		return 0
	}
	return holdingOverhead
}

// wants reports whether Object.Describe is to be called soon, again and again.
func (h *holding) wants() bool { return h.waiting || h.IsWaiting() }

// hashed returns how many bytes of the object the digest covers.
func (h *holding) hashed() uint64 {
	if h.digest == nil {
		return 0
	}
	return h.digest.Done()
}

// adopt charges what is held to parent, now that the object is described. It does nothing when that has no room.
func (h *holding) adopt(parent *store.Budget) {
	h.undescribed = h.undescribed && !h.Adopt(parent)
}

// release gives back all memory. works are those that nobody has drained, and will bring back.
func (h *holding) release(works []*Work) {
	for _, w := range works {
		if w.attempt != nil {
			h.Abandon(w.attempt)
		}
		w.free()
	}
	h.Release()
}

// take hands the symbols of a packet to the assembly. errStore: the object has failed.
func (o *Object) take(now time.Time, p *alc.Packet) error {
	o.taking = true
	var err error
	if o.l.cfg.ROUTE {
		err = o.takeAddressed(now, p)
	} else {
		err = o.e.held.Take(now, p.Body)
	}
	if err != nil || o.e.held.HasEffects() {
		err = o.settle(err)
	}
	o.taking = false
	return err
}

// retry goes on with source blocks that had to wait. errStore: the object has failed.
func (o *Object) retry(now time.Time) error {
	o.e.held.waiting = false
	return o.settle(o.e.held.Retry(now))
}

// attempted takes the Work of an Attempt that has run.
func (o *Object) attempted(now time.Time, w *Work) {
	h := o.e.held
	if h == nil || h != w.held {
		w.Cancel() // ended while the work ran
		return
	}
	var err error
	if w.crashed {
		err = h.Crashed(w.attempt, w.err)
	} else {
		err = h.Conclude(now, w.attempt, w.err)
	}
	waiting := h.IsWaiting() // what it takes to go on is not there; Describe tries again
	if o.settle(err) == nil && (waiting || o.retry(now) == nil) {
		o.advance(now)
	}
}

// settle does what the assembly wants done, and draws the conclusion from err, which it has returned: errStore when the
// object has failed.
func (o *Object) settle(err error) error {
	f := o.e.held.Effects()
	if f.Short {
		o.l.shed()
		o.l.schedule(o.l.now.Add(assembly.RetryAfter))
	}
	for _, a := range f.Attempts {
		w := &Work{task: a, attempt: a}
		if a.Reads() {
			w.use(o.e.held.Object())
		}
		o.launch(w)
	}
	if f.Variant != "" {
		o.emit(event.MatrixDetected{Session: o.l.key, Matrix: string(f.Variant), By: f.By})
	}
	if failure := assembly.AsFailure(err); failure != nil {
		return o.broken(failure)
	}
	return err
}

// broken ends the object, which cannot be put together.
func (o *Object) broken(f *assembly.Failure) error {
	switch f.Cause {
	case assembly.CauseStore:
		return o.storeFailed(f.Err)
	case assembly.CauseCode:
		o.fail(event.FailOTI, f.Error())
	case assembly.CauseCrash:
		o.fail(event.FailQuarantined, f.Error())
	}
	return errStore
}

// storeFailed ends the object, or its try, because of an error of the store.
func (o *Object) storeFailed(err error) error {
	o.l.shed()
	o.fail(failReason(err), err.Error())
	return errStore
}

// wait makes the session call Object.Describe soon, again and again until there is memory.
func (o *Object) wait() {
	o.e.held.waiting = true
	o.l.schedule(o.l.now.Add(assembly.RetryAfter))
}
