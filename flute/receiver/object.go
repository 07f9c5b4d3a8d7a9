package receiver

import (
	"bytes"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
)

// Object works on one object of a session: it takes the packets of its TOI, has source blocks decoded, and announces
// the end. What it holds lies in the Ledger, so an Object may be thrown away at any time and made again.
type Object struct {
	l       *Ledger
	e       *entry
	scratch scratch
	effects ObjectEffects
	block   fec.SBN // the source block in hand
	inHand  bool
}

// ObjectEffects is what an Object wants done, drained by Effects.
type ObjectEffects struct {
	Events []event.Event
	Work   *Work // blocking work to run elsewhere; hand it back to Done. At most one is out at a time.
}

// NewObject returns the worker for toi, which Session.Route named. It goes on with what the ledger holds.
func NewObject(l *Ledger, toi flute.TOI) *Object {
	o := &Object{l: l, e: l.entries[toi]}
	if o.e == nil {
		o.e = &entry{toi: toi, phase: failed} // forgotten in between: takes packets and drops them
	}
	return o
}

// TOI returns the object's identifier.
func (o *Object) TOI() flute.TOI { return o.e.toi }

// Block returns the SBN of the source block in hand, if Handle was interrupted in one: what to blame for a crash.
func (o *Object) Block() (fec.SBN, bool) { return o.block, o.inHand }

// Ended reports whether the object has its final state; the Object can be dropped.
func (o *Object) Ended() bool { return o.e.ended() }

// Effects drains what is to be done since the last call.
func (o *Object) Effects() ObjectEffects {
	f := o.effects
	o.effects = ObjectEffects{}
	return f
}

// Handle takes one packet of the object and counts it. It never fails: a bad packet is dropped under its reason.
func (o *Object) Handle(now time.Time, p *alc.Packet) {
	err := o.handle(now, p)
	switch {
	case err == nil:
		o.l.counters.Accept()
	case err == errDuplicate:
		o.l.counters.Repeat()
	default:
		o.l.counters.Drop(flute.Reason(err), 1)
	}
	if p.CloseObject && !o.e.ended() && o.e.phase != finishing {
		// RFC 5651, section 5.1: "termination of transmission of packets for an object is imminent". A hint that anybody
		// can forge: packets that were overtaken are still used, and any packet without B takes it back.
		o.e.closeAt = now.Add(o.l.cfg.CloseGrace)
		o.l.schedule(o.e.closeAt)
	} else {
		o.e.closeAt = time.Time{}
	}
}

func (o *Object) handle(now time.Time, p *alc.Packet) error {
	e := o.e
	switch e.phase {
	case finishing, completed:
		return errDuplicate
	case failed:
		return errFinished
	}
	if e.rec == nil {
		if err := o.begin(now, p); err != nil {
			return err
		}
		if e.rec == nil {
			return nil // kept until the FDT tells its OTI
		}
		o.replay(now)
		if e.phase != receiving {
			return errDuplicate // what was kept completed it, or broke the store
		}
	}
	r := e.rec
	if p.Codepoint != uint8(r.oti.EncodingID) {
		return errCodepoint
	}
	if p.FTI != nil && !bytes.Equal(p.FTI, r.fti) {
		if err := o.sameOTI(p); err != nil {
			return err
		}
	}
	if err := o.symbols(p.Body); err != nil {
		return err
	}
	o.advance(now)
	return nil
}

// begin opens the reception with the first packet whose OTI is known. RFC 6726, section 5: EXT_FTI has priority, then
// the FDT. A packet without either is kept within bounds.
func (o *Object) begin(now time.Time, p *alc.Packet) error {
	e, l := o.e, o.l
	var oti fec.OTI
	var fti []byte
	switch {
	case p.FTI != nil:
		var err error
		if oti, err = fec.ParseFTI(fec.EncodingID(p.Codepoint), p.FTI); err != nil {
			return err
		}
		fti = bytes.Clone(p.FTI)
	case e.file != nil && e.file.HasOTI:
		if oti = e.file.OTI; p.Codepoint != uint8(oti.EncodingID) {
			return errCodepoint
		}
	case e.file != nil:
		return errNoOTI
	default:
		return o.keep(p)
	}
	if err := l.checkOTI(&oti); err != nil {
		return err
	}
	return o.open(now, oti, fti)
}

// open stages the object.
func (o *Object) open(now time.Time, oti fec.OTI, fti []byte) error {
	e, l := o.e, o.l
	object, err := l.cfg.Store.Create(oti.TransferLength)
	if err != nil {
		o.emit(l.fail(e, failReason(err), err.Error()))
		return errStore
	}
	e.rec = newReception(oti, fti, object, l.budget, now)
	e.phase = receiving
	o.announce()
	return nil
}

// checkOTI rejects an OTI that is invalid, that no scheme here can decode, or that claims more than this node takes.
func (l *Ledger) checkOTI(oti *fec.OTI) error {
	if err := oti.Validate(); err != nil {
		return err
	}
	scheme, err := l.cfg.Registry.Scheme(oti)
	if err != nil {
		return flute.ErrOTI
	}
	if err := scheme.Supports(oti); err != nil {
		return err
	}
	part := oti.Partition()
	if oti.TransferLength > l.cfg.MaxObjectSize || part.Blocks() > l.cfg.MaxSourceBlocks {
		return flute.ErrOTI
	}
	return nil
}

// sameOTI compares the EXT_FTI of p with an OTI that came from the FDT or that another encoding of EXT_FTI gave. The
// largest number of encoding symbols may differ: senders in the field write an upper bound into the FDT.
func (o *Object) sameOTI(p *alc.Packet) error {
	r := o.e.rec
	oti, err := fec.ParseFTI(fec.EncodingID(p.Codepoint), p.FTI)
	if err != nil {
		return err
	}
	if r.fti != nil {
		return errOTIConflict
	}
	mine := r.oti
	mine.MaxEncodingSymbols, oti.MaxEncodingSymbols = 0, 0
	if oti != mine {
		return errOTIConflict
	}
	r.fti = bytes.Clone(p.FTI)
	return nil
}

// keep copies a packet that cannot be interpreted yet: neither EXT_FTI nor the FDT came.
func (o *Object) keep(p *alc.Packet) error {
	if len(p.Body) == 0 {
		return nil
	}
	cost := uint64(len(p.Body)) + pendingOverhead
	if o.e.pending.bytes+cost > o.l.cfg.UnnamedBytes/uint64(o.l.cfg.MaxUnnamed) || !o.l.budget.TryReserve(cost) {
		return errBudget
	}
	// The codepoint goes in front: it is all that is needed of the header once the FDT is there.
	o.e.pending.datagrams = append(o.e.pending.datagrams, append([]byte{p.Codepoint}, p.Body...))
	o.e.pending.bytes += cost
	return nil
}

// Describe tells the object that the session's FDT now describes it: packets that waited for their OTI are taken in
// the order of their arrival, and an object that is already whole can finish.
func (o *Object) Describe(now time.Time) {
	e := o.e
	if e.ended() || e.file == nil {
		return
	}
	o.replay(now)
	if e.phase == announced && isEmpty(e.file) {
		// RFC 5052, section 9.1: an object of no bytes has no source block, so there is nothing to wait for.
		if o.open(now, e.file.OTI, nil) != nil {
			return
		}
	}
	if e.rec != nil && e.phase == receiving {
		o.announce()
		o.advance(now)
	}
}

// isEmpty reports whether the FDT announces an object of no bytes.
func isEmpty(f *fdt.File) bool {
	if f.TransferLength != nil {
		return *f.TransferLength == 0
	}
	return f.ContentEncoding == flute.Null && f.ContentLength != nil && *f.ContentLength == 0
}

// replay handles the packets that were kept, in the order of their arrival.
func (o *Object) replay(now time.Time) {
	waiting := o.e.pending.datagrams
	o.l.forgetPending(o.e)
	for _, d := range waiting {
		if o.e.phase > receiving {
			return
		}
		p := alc.Packet{Body: d[1:]}
		p.Codepoint = d[0]
		// It was counted as accepted when it came; what it turns out to be now changes no count.
		_ = o.handle(now, &p)
	}
}

// announce emits ObjectStarted once description and symbols have met.
func (o *Object) announce() {
	e := o.e
	if e.started || e.file == nil || e.rec == nil {
		return
	}
	e.started = true
	o.emit(event.ObjectStarted{
		Session: o.l.key, TOI: e.toi, ContentLocation: e.location(), TransferLength: e.rec.oti.TransferLength,
		FECEncodingID: uint8(e.rec.oti.EncodingID),
	})
}

// symbols takes the FEC Payload ID and the encoding symbols behind it: one, or several of consecutive ESIs.
// errDuplicate when none of them was new.
func (o *Object) symbols(body []byte) error {
	r := o.e.rec
	if len(body) == 0 {
		return nil // header only: an empty object, or a flag
	}
	id, n, err := r.oti.ParsePayloadID(body)
	if err != nil {
		return err
	}
	payload := body[n:]
	if r.oti.TransferLength == 0 {
		return nil // whatever it carries is padding of nothing
	}
	k := r.part.BlockSymbols(id.SBN)
	if k == 0 {
		return errSBN
	}
	if len(payload) == 0 {
		return errSymbolLength
	}
	e := int(r.oti.SymbolLength)
	limit := r.oti.MaxESI(k)
	count := uint64((len(payload) + e - 1) / e)
	if uint64(id.ESI)+count > uint64(limit) {
		return errESI
	}
	if err := o.checkLengths(id, k, payload); err != nil {
		return err
	}
	o.block, o.inHand = id.SBN, true
	err = o.each(id, k, payload)
	o.inHand = false
	return err
}

// each takes the symbols of payload one by one.
func (o *Object) each(id fec.PayloadID, k uint32, payload []byte) error {
	e := int(o.e.rec.oti.SymbolLength)
	fresh := false
	for esi := id.ESI; len(payload) > 0; esi++ {
		symbol := payload[:min(e, len(payload))]
		payload = payload[len(symbol):]
		isNew, err := o.symbol(id.SBN, esi, k, symbol)
		if err != nil {
			return err
		}
		fresh = fresh || isNew
	}
	if !fresh {
		return errDuplicate
	}
	return nil
}

// checkLengths verifies that payload is whole symbols. Only the object's last source symbol may be shorter (RFC 5445,
// section 3.2.2.2); a truncated datagram must not become wrong bytes.
func (o *Object) checkLengths(id fec.PayloadID, k uint32, payload []byte) error {
	e := int(o.e.rec.oti.SymbolLength)
	rest := len(payload) % e
	if rest == 0 {
		return nil
	}
	last := id.ESI + fec.ESI(len(payload)/e)
	if uint32(last) >= k {
		return errSymbolLength
	}
	if _, n := o.e.rec.part.Symbol(id.SBN, last); int(n) != rest {
		return errSymbolLength
	}
	return nil
}

// symbol takes one encoding symbol and reports whether it was new.
func (o *Object) symbol(sbn fec.SBN, esi fec.ESI, k uint32, symbol []byte) (bool, error) {
	r := o.e.rec
	if r.complete.has(uint32(sbn)) {
		if uint32(esi) >= k {
			o.prove(sbn, esi, k, symbol)
		}
		return false, nil
	}
	b, err := r.open(sbn, k)
	if err != nil {
		return false, err
	}
	if uint32(esi) < k {
		if b.have.has(uint32(esi)) {
			return false, nil
		}
		off, n := r.part.Symbol(sbn, esi)
		if _, err := r.buffer.WriteAt(symbol[:n], int64(off)); err != nil {
			o.emit(o.l.fail(o.e, failReason(err), err.Error()))
			return false, errStore
		}
		b.have.set(uint32(esi))
		b.sources++
		r.held += uint64(n)
	} else {
		if _, ok := b.seen[esi]; ok {
			return false, nil
		}
		if !r.budget.TryReserve(uint64(len(symbol))) {
			return false, errBudget
		}
		if b.seen == nil {
			b.seen = map[fec.ESI]struct{}{}
		}
		b.seen[esi] = struct{}{}
		b.repair = append(b.repair, fec.Symbol{ESI: esi, Data: bytes.Clone(symbol)})
	}
	if b.sources == k {
		r.close(sbn, b)
		return true, nil
	}
	return true, o.recover(sbn, b)
}

// Cancel ends the object for a reason that lies outside of it. It does nothing when the object has ended.
func (o *Object) Cancel(reason event.FailReason, detail string) {
	if !o.e.ended() {
		o.emit(o.l.fail(o.e, reason, detail))
	}
}

func (o *Object) emit(e event.Event) { o.effects.Events = append(o.effects.Events, e) }
