package receiver

import (
	"errors"
	"fmt"
	"time"

	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/drop"
)

// What an object lacks may be got another way than in packets, such as by unicast, and put. It is no packet: none of
// the counts of datagrams knows of it, and it tells nothing of the sender. Whoever puts an object is repairing it, and
// has some time for that: neither the end of its description, nor a B flag, nor the end of its session ends it
// meanwhile.

// repairGrace is how long an object and its session go on after the latest Put: as long as it may take to get more.
const repairGrace = 10 * time.Second

// The errors of Put that are not those of its bytes.
var (
	errPutLater = drop.NewError(drop.Budget, "receiver: object cannot be put now")
	errNotKnown = errors.New("receiver: neither an FDT Instance nor a packet tells the FEC OTI of the object yet")
)

// Put takes bytes of the object as it is transferred, before content decoding, that came another way than in packets: p
// lies at off. Only whole source symbols of p are taken, with sub-blocks whole source blocks; the ranges of
// event.ObjectState.Missing are made of these. It returns how many bytes from the start of p need not be put again: a
// source symbol that is cut off at the end of p is left. p is not kept. again: there was no memory for the others, or
// the object rests, so that it is worth while to try again a little later.
//
// Put may be called at any time. Of an object that is whole it takes nothing, and says that p needs not be put again.
// Wrong bytes are found by the digest, as those of a forged packet are. Where versions of a symbol differ then, one
// that was put goes before those that came until then. The error tells why nothing more can be taken: nothing tells the
// FEC OTI yet, or the object is not wanted, or has failed, or has no such bytes.
func (o *Object) Put(now time.Time, off uint64, p []byte) (n int, again bool, err error) {
	open, err := o.openPut(now)
	if !open {
		if err == nil {
			n = len(p)
		}
		again, err = later(err)
		return n, again, err
	}
	o.taking = true
	n, fresh, err := o.e.held.Put(now, off, p)
	o.taking = false
	again, err = later(o.put(now, fresh, o.settle(err)))
	return n, again, err
}

// PutSymbols takes a FEC Payload ID and the encoding symbols behind it that came another way than in packets: what
// follows the header in an ALC packet. Repair symbols can be put in no other way. All else is as with Put.
func (o *Object) PutSymbols(now time.Time, payload []byte) (again bool, err error) {
	open, err := o.openPut(now)
	if !open {
		return later(err)
	}
	o.taking = true
	err = o.e.held.PutSymbols(now, payload)
	o.taking = false
	fresh := err == nil
	if isDuplicate(err) {
		err = nil
	}
	return later(o.put(now, fresh, o.settle(err)))
}

// PutUnit returns how many bytes Put may need at once to take any of them; 0: that is not known, or there is nothing to
// be put.
func (o *Object) PutUnit() uint64 {
	if o.e.held == nil {
		return 0
	}
	return o.e.held.PutUnit()
}

// later splits err: again reports that it will pass soon, since there is no memory or the object rests; else it is
// lasting.
func later(err error) (again bool, lasting error) {
	if err != nil && drop.Of(err) == drop.Budget {
		return true, nil
	}
	return false, err
}

// openPut makes the object one that symbols can be put of. It reports false if there is nothing to be put.
func (o *Object) openPut(now time.Time) (open bool, err error) {
	o.l.now = now
	o.refresh()
	e := o.e
	if e.gone || o.l.ended || o.l.ending != "" {
		return false, errFinished
	}
	switch e.phase {
	case finishing, completed:
		return false, nil
	case failed:
		return false, fmt.Errorf("%w: %s", errFinished, e.reason)
	case refused:
		return false, errRefused
	case resting:
		if err := o.rested(now); err != nil {
			return false, err
		}
	default:
	}
	o.l.put, e.put = now, now
	o.l.schedule(now.Add(repairGrace))
	if e.held == nil {
		if err := o.beginPut(now); err != nil {
			return false, err
		}
	}
	// What was kept of the object may have completed it, or broken the store.
	if e.phase == failed || e.phase == resting {
		return false, fmt.Errorf("%w: %s: %s", errFinished, e.reason, e.detail)
	}
	return e.phase == receiving && e.held != nil, nil
}

// rested begins the next try of an object that rests, whether or not its description has expired: that limits the
// meaning of packets (RFC 6726, section 3.3), and what is put is none.
func (o *Object) rested(now time.Time) error {
	e := o.e
	if o.over {
		return errPutLater // the next try has an Object of its own
	}
	if now.Before(e.resume) {
		return fmt.Errorf("%w: it rests after %s: %s", errPutLater, e.reason, e.detail)
	}
	o.begins()
	return nil
}

// beginPut opens the holding by the FEC OTI of the FDT. Before there is one nobody knows what bytes mean.
func (o *Object) beginPut(now time.Time) error {
	e := o.e
	if e.file == nil || !e.file.HasOTI || e.badOTI != nil || e.contested {
		return errNotKnown
	}
	if err := o.l.checkOTI(&e.file.OTI); err != nil {
		o.fail(event.FailOTI, err.Error())
		return err
	}
	if err := o.open(now, e.file.OTI, nil); err != nil {
		return err
	}
	o.replay(now)
	return nil
}

// put draws the conclusion from symbols that were put, some of which are new if fresh, and from err.
func (o *Object) put(now time.Time, fresh bool, err error) error {
	h := o.e.held
	switch {
	case h == nil: // it has failed
		return err
	case errors.Is(err, errBudget):
		o.l.shed()
	case err != nil:
		return err
	}
	if h.InDoubt() {
		if fresh {
			h.differs = now
		}
		o.reconsider(now)
		return err
	}
	o.advance(now)
	return err
}

// isRepaired reports whether e was put so lately that more may follow.
func (e *entry) isRepaired(now time.Time) bool {
	return !e.put.IsZero() && !due(e.put.Add(repairGrace), now)
}

// isRepairing reports whether an object of the session that is not whole was put so lately that more may follow.
func (l *Ledger) isRepairing(now time.Time) bool {
	if l.put.IsZero() || due(l.put.Add(repairGrace), now) {
		return false
	}
	for _, e := range l.entries {
		if !e.ended() && e.isRepaired(now) {
			return true
		}
	}
	return false
}
