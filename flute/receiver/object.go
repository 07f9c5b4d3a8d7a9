package receiver

import (
	"errors"
	"time"

	"github.com/flute-node/flute-node/internal/drop"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
)

// Object works on one object of a session: it takes the packets of its TOI, has source blocks decoded, and announces
// the end. What it holds lies in the Ledger, so an Object may be thrown away at any time and made again.
type Object struct {
	l      *Ledger
	e      *entry
	taking bool // a packet is in the hands of the assembly
	over   bool // the try that it worked on has failed
}

// objectEffects are the Effects of an Object.
type objectEffects struct {
	Events []event.Event
	Works  []*Work
}

// NewObject returns the worker for toi, which Session.Route named. It goes on with what the ledger holds.
func (l *Ledger) NewObject(toi flute.TOI) *Object {
	return &Object{l: l, e: l.entryNow(toi)}
}

// refresh finds the entry that has the TOI now, when the one that had it was removed.
func (o *Object) refresh() {
	if o.e.gone {
		o.e = o.l.entryNow(o.e.toi)
	}
}

// entryNow returns the entry that has toi now; if there is none, one that takes packets and drops them.
func (l *Ledger) entryNow(toi flute.TOI) *entry {
	if e := l.entries[toi]; e != nil {
		return e
	}
	return &entry{record: record{toi: toi, phase: failed}, gone: true}
}

// TOI returns the object's identifier.
func (o *Object) TOI() flute.TOI { return o.e.toi }

// Block returns the SBN of the source block in hand, if Handle was interrupted in one: what to blame for a crash.
func (o *Object) Block() (fec.SBN, bool) {
	if !o.taking || o.e.held == nil {
		return 0, false
	}
	return o.e.held.InHand()
}

// Ended reports whether the object has its end, or rests and holds nothing: the Object can be dropped. The next try has
// a new one.
func (o *Object) Ended() bool { return o.e.isIdle() }

// HasEffects reports whether Effects may have something.
func (o *Object) HasEffects() bool {
	if f := &o.e.effects; len(f.Events)+len(f.Works) > 0 {
		return true
	}
	h := o.e.held
	return h != nil && (o.l.cfg.keeps || h.checkpoints.note != nil || h.HasTail() || h.short != h.IsShort() ||
		h.Waiting() >= h.backlog+backlogStep)
}

// Effects drains what is to be done since the last call. What a lost Object has not drained, the next one does.
func (o *Object) Effects() Effects {
	o.work(o.l.note(o.e))
	o.l.checkpoint(o.e)
	if o.l.gathers(o.e) {
		o.l.weigh(o.e.held)
	} else {
		o.work(o.l.write(o.e))
		o.work(o.l.note(o.e))
	}
	f := o.e.effects
	if len(f.Events)+len(f.Works) == 0 {
		return Effects{}
	}
	o.e.effects = objectEffects{}
	return Effects{Events: f.Events, Works: f.Works}
}

// work has w emitted; nil: nothing.
func (o *Object) work(w *Work) {
	if w != nil {
		o.e.effects.Works = append(o.e.effects.Works, w)
	}
}

// Handle takes one packet of the object and counts it. It never fails: a bad packet is dropped under its reason, and
// one of an object that had the TOI before as finished.
func (o *Object) Handle(now time.Time, packet *Packet) {
	p := &packet.alc
	o.l.now = now
	o.refresh()
	err := errFinished
	if packet.entry == o.e || o.e.gone {
		err = o.handle(now, p, packet.origin.Feed)
	}
	switch {
	case err == nil:
		o.l.accept(packet.origin.Feed)
		if len(p.Body) > 0 {
			o.e.effects.Events = o.l.opening(o.e.effects.Events)
		}
	case isDuplicate(err):
		o.l.repeat(packet.origin.Feed)
	default:
		if errors.Is(err, errBudget) {
			o.l.shed()
			o.l.miss(1)
		}
		o.l.dropped(packet.origin.Feed, drop.Of(err), 1)
		return
	}
	o.flagged(now, p.CloseObject)
}

// flagged takes the B flag. RFC 5651, section 5.1: "termination of transmission of packets for an object is imminent".
// A hint that anybody can forge, and that packets may overtake: the object has a grace time after the latest one, and
// if packets without B still come at its end, it goes on.
func (o *Object) flagged(now time.Time, b bool) {
	e := o.e
	switch {
	case !b:
		e.open = now
	case e.phase <= receiving:
		e.closeAt = now.Add(o.l.closeGrace(e))
		o.l.schedule(e.closeAt)
	}
}

func (o *Object) handle(now time.Time, p *alc.Packet, feed uint8) error {
	e := o.e
	switch e.phase {
	case finishing, completed:
		o.l.observe(now, e, p, feed)
		return errDuplicate
	case failed:
		return errFinished
	case refused:
		return errRefused
	case resting:
		if err := o.again(now); err != nil {
			return err
		}
	default:
	}
	if e.held == nil {
		if err := o.begin(now, p); err != nil {
			return err
		}
		if e.held == nil {
			return nil // kept until the FDT tells its OTI
		}
		o.replay(now)
		if e.phase != receiving {
			return o.handle(now, p, feed) // what was kept has completed it, or broke the store
		}
	}
	if err := o.verifyOTI(now, p); err != nil {
		return err
	}
	switch err := o.take(now, p); {
	case isDuplicate(err):
		o.l.observe(now, e, p, feed)
		if e.held.InDoubt() {
			o.reconsider(now)
		}
		return err
	case err != nil:
		return err
	}
	o.l.observe(now, e, p, feed)
	if e.held.InDoubt() && len(p.Body) > 0 {
		e.held.differs = now
	}
	o.advance(now)
	return nil
}

// Describe tells the object that the session's FDT now describes it, or that it may go on with what it could not do
// before: packets that waited for their OTI are taken in the order of their arrival, and an object that is already
// whole can finish.
func (o *Object) Describe(now time.Time) {
	o.l.now = now
	o.refresh()
	e := o.e
	if e.ended() || e.file == nil || e.phase == resting && o.again(now) != nil {
		return
	}
	o.replay(now)
	if e.phase == announced && isEmpty(e.file) {
		// RFC 5052, section 9.1: an object of no bytes has no source block, so there is nothing to wait for.
		if o.open(now, fec.OTI{EncodingID: e.file.OTI.EncodingID}, nil) != nil {
			return
		}
	}
	if e.phase != receiving {
		return
	}
	if e.held.undescribed {
		e.held.adopt(o.l.budgetFor(e.held.OTI.TransferLength))
	}
	if o.retry(now) == nil {
		o.advance(now)
	}
}

// Resume goes on after the actor that worked on the object was made anew.
func (o *Object) Resume(now time.Time) {
	o.l.now = now
	o.refresh()
	e := o.e
	if e.held == nil || e.held.working || e.phase == resting { // Describe begins the next try
		return
	}
	if o.retry(now) != nil {
		return
	}
	if e.phase == finishing { // it crashed while it took the result: verify again
		e.phase = receiving
	}
	o.advance(now)
}

// announce emits ObjectStarted once description and symbols have met.
func (o *Object) announce() {
	e := o.e
	if e.started || e.file == nil || e.held == nil {
		return
	}
	e.started = true
	o.emit(event.ObjectStarted{
		Session: o.l.key, TOI: e.toi, ContentLocation: e.location(), TransferLength: e.held.OTI.TransferLength,
		FECEncodingID: uint8(e.held.OTI.EncodingID), Resumed: e.held.resumed, Alternates: o.l.alternates(e),
	})
}

// fail ends the object, or only the try if the reason may pass.
func (o *Object) fail(reason event.FailReason, detail string) {
	var told event.Event
	if o.l.mayPass(o.e, reason) {
		o.l.drop(o.e, true)
		o.over = true
		told = o.l.rest(o.l.now, o.e, reason, detail)
	} else {
		told = o.l.fail(o.e, reason, detail)
	}
	if told != nil {
		o.emit(told)
	}
}

func (o *Object) emit(e event.Event) {
	if o.e.isQuiet() {
		return
	}
	o.e.effects.Events = append(o.l.opening(o.e.effects.Events), e)
}
