package receiver

import (
	"bytes"

	"github.com/flute-node/flute-node/fec"
)

// symbols takes the FEC Payload ID and the encoding symbols behind it: one, or several of consecutive ESIs.
// errDuplicate when none of them was new.
func (o *Object) symbols(body []byte) error {
	r := o.e.rec
	if len(body) == 0 || r.oti.TransferLength == 0 {
		return nil // header only: an empty object, or a flag
	}
	id, n, err := r.oti.ParsePayloadID(body)
	if err != nil {
		return err
	}
	payload := body[n:]
	k := r.part.BlockSymbols(id.SBN)
	if k == 0 {
		return errSBN
	}
	if len(payload) == 0 {
		return errSymbolLength
	}
	e := int(r.oti.SymbolLength)
	count := uint64((len(payload) + e - 1) / e)
	if uint64(id.ESI)+count > uint64(r.oti.MaxESI(k)) {
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
	if _, n := o.e.rec.part.SymbolBytes(id.SBN, last); int(n) != rest {
		return errSymbolLength
	}
	return nil
}

// symbol takes one encoding symbol and reports whether it was new.
func (o *Object) symbol(sbn fec.SBN, esi fec.ESI, k uint32, symbol []byte) (bool, error) {
	r := o.e.rec
	if r.complete.has(sbn) {
		return false, o.prove(sbn, esi, k, symbol)
	}
	b, err := r.open(sbn, k)
	if err != nil {
		return false, err
	}
	if uint32(esi) < k {
		if b.have.has(uint32(esi)) {
			return false, nil
		}
		n, err := r.write(sbn, esi, symbol)
		if err != nil {
			return false, o.storeFailed(err)
		}
		b.have.set(uint32(esi))
		b.sources++
		r.held += uint64(n)
		if b.sources == k {
			r.close(sbn, b)
			return true, nil
		}
		if len(b.repair) == 0 {
			return true, nil
		}
		return true, o.recover(sbn, b)
	}
	if _, ok := b.seen[esi]; ok {
		return false, nil
	}
	if !r.budget.TryReserve(r.repairCost()) {
		return false, errBudget
	}
	if b.seen == nil {
		b.seen = map[fec.ESI]struct{}{}
	}
	b.seen[esi] = struct{}{}
	b.repair = append(b.repair, fec.Symbol{ESI: esi, Data: bytes.Clone(symbol)})
	return true, o.recover(sbn, b)
}
