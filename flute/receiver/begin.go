package receiver

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/internal/assembly"
	"github.com/flute-node/flute-node/flute/internal/staging"
	"github.com/flute-node/flute-node/internal/drop"
	"github.com/flute-node/flute-node/store"
)

// begin opens the holding with the first packet whose OTI is known. RFC 6726, section 5: "it is RECOMMENDED that the
// following priority be used: EXT_FTI, FDT". A packet without either is kept within bounds.
func (o *Object) begin(now time.Time, p *alc.Packet) error {
	e := o.e
	if o.l.cfg.ROUTE {
		return o.beginAddressed(now, p)
	}
	told := e.file != nil && (e.file.HasOTI || e.badOTI != nil)
	if told && p.Codepoint != uint8(e.file.OTI.EncodingID) {
		// RFC 6726, section 5: "the associated "FEC-OTI-FEC-Encoding-ID" attribute and the Codepoint field of all
		// packets for this TOI MUST be the same." Which of both is wrong nobody can tell.
		if !e.warned {
			e.warned = true
			o.emit(event.Warning{Text: fmt.Sprintf("session %v, TOI %v: codepoint is %d, the FDT says "+
				"FEC Encoding ID %d: packets are dropped", o.l.key, e.toi, p.Codepoint, uint8(e.file.OTI.EncodingID))})
		}
		return errCodepoint
	}
	var oti fec.OTI
	var fti []byte
	switch {
	case p.FTI != nil:
		var err error
		if oti, err = fec.ParseFTI(fec.EncodingID(p.Codepoint), p.FTI); err != nil {
			if w := oldSender(o.l.key, e, err); w != nil {
				o.emit(w)
			}
			return err
		}
		fti = bytes.Clone(p.FTI)
	case told:
		oti = e.file.OTI
	case e.file != nil:
		return errNoOTI
	default:
		return o.keep(now, p)
	}
	if err := o.l.checkOTI(&oti); err != nil {
		if told && (fti == nil || equivalent(oti, e.file.OTI)) { // sender and FDT agree on what cannot be
			o.fail(event.FailOTI, err.Error())
		}
		return err
	}
	if told && !equivalent(oti, e.file.OTI) {
		o.warn(&oti, &e.file.OTI, "EXT_FTI is used")
	}
	return o.open(now, oti, fti)
}

// oldSender returns a warning, once, of a sender whose objects cannot be received, so that their loss has a reason;
// else nil.
func oldSender(key flute.SessionKey, e *entry, err error) event.Event {
	if !errors.Is(err, drop.ErrShortRaptorFTI) || e.warned {
		return nil
	}
	e.warned = true
	return event.Warning{Text: fmt.Sprintf("session %v, TOI %v: %v", key, e.toi, err)}
}

// open stages the object.
func (o *Object) open(now time.Time, oti fec.OTI, fti []byte) error {
	e, l := o.e, o.l
	if o.refuseSize(oti.TransferLength) {
		return errRefused
	}
	budget, cost := l.budgetFor(oti.TransferLength), l.cfg.holdingCost(oti.TransferLength)
	if e.file == nil {
		budget = l.undescribed.budget
		if !l.reserveUndescribed(e, 1+cost) {
			return errUnknownObject
		}
		budget.Release(1 + cost)
	}
	scheme, err := l.cfg.Registry.Scheme(&oti)
	if err != nil {
		return err // cannot happen: checkOTI asked the same
	}
	h := &holding{
		Assembly: assembly.New(&l.sender, scheme, oti, fti, staging.New(l.store, oti.TransferLength),
			store.NewBudget(l.cfg.ObjectBudget, budget)),
		undescribed: e.file == nil,
	}
	if !h.Reserve(cost) {
		return errBudget
	}
	if e.first.IsZero() {
		e.first = now
	}
	e.held = h
	if e.held.undescribed {
		l.stage(e)
	}
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
		return err
	}
	if err := scheme.Supports(oti); err != nil {
		return err
	}
	part := oti.Partition()
	switch {
	case oti.TransferLength > l.cfg.MaxObjectSize:
		return fmt.Errorf("receiver: object of %d bytes, the limit is %d: %w",
			oti.TransferLength, l.cfg.MaxObjectSize, flute.ErrOTI)
	case part.Blocks() > l.cfg.MaxSourceBlocks:
		return fmt.Errorf("receiver: object of %d source blocks, the limit is %d: %w",
			part.Blocks(), l.cfg.MaxSourceBlocks, flute.ErrOTI)
	}
	most := min(l.cfg.ObjectBudget, l.share.All.Ceiling())
	if need := assembly.Need(scheme, oti, &part); need+l.cfg.holdingCost(oti.TransferLength) > most {
		return fmt.Errorf("receiver: decoding a source block of %d symbols takes %d bytes, "+
			"the budget of an object has %d: %w", part.Large, need, most, flute.ErrOTI)
	}
	return nil
}

// verifyOTI drops a packet that belongs to another code or another object: forged, or a fault of the sender.
func (o *Object) verifyOTI(now time.Time, p *alc.Packet) error {
	h := o.e.held
	if o.l.cfg.ROUTE {
		if p.HasLength && p.Length != h.OTI.TransferLength {
			return errOTIConflict
		}
		return nil
	}
	switch {
	case h.agrees(p):
		return nil
	case p.Codepoint != uint8(h.OTI.EncodingID):
		return errCodepoint
	}
	oti, err := fec.ParseFTI(fec.EncodingID(p.Codepoint), p.FTI)
	if err != nil {
		return err
	}
	if !equivalent(oti, h.OTI) {
		return o.disagree(now, oti, p.FTI)
	}
	if h.FTI == nil {
		h.FTI = bytes.Clone(p.FTI)
	}
	return nil
}

// agrees reports whether a packet says of the FEC OTI what is known of the object, as far as it says anything.
func (h *holding) agrees(p *alc.Packet) bool {
	return p.Codepoint == uint8(h.OTI.EncodingID) && (p.FTI == nil || bytes.Equal(p.FTI, h.FTI))
}

// equivalent reports whether a and b code an object in the same way. The fields that say no more than how large
// something may be differ in the field between EXT_FTI and FDT.
func equivalent(a, b fec.OTI) bool {
	return a == b ||
		a.Validate() == nil && b.Validate() == nil && a.Partition() == b.Partition() && essence(a) == essence(b)
}

// essence returns o without what its Partition says already, and with its defaults.
func essence(o fec.OTI) fec.OTI {
	o.MaxEncodingSymbols, o.MaxSourceBlockLength, o.SourceBlocks = 0, 0, 0
	if o.EncodingID == fec.ReedSolomonGF2m {
		o.GroupSize = max(o.GroupSize, 1)
		if o.FieldBits == 0 { // RFC 5510, section 4.2.3: 8 when it is absent
			o.FieldBits = 8
		}
	}
	return o
}
