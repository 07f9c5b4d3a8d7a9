package receiver

import (
	"bytes"

	"github.com/flute-node/flute-node/fec"
)

// symbols takes the FEC Payload ID and the encoding symbols behind it: one, or several, of consecutive ESIs or of those that
// the code says (fec.Grouper). errDuplicate when none of them was new.
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
	esis, err := o.group(id.ESI, k, len(payload))
	if err != nil {
		return err
	}
	if err := o.checkLengths(id.SBN, esis[len(esis)-1], k, payload); err != nil {
		return err
	}
	o.block, o.inHand = id.SBN, true
	err = o.each(id.SBN, esis, k, payload)
	o.inHand = false
	return err
}

// group returns the ESIs of the symbols in a payload of n bytes, of which the first is esi. They are valid until the next
// call.
func (o *Object) group(esi fec.ESI, k uint32, n int) (esis []fec.ESI, err error) {
	r := o.e.rec
	count := (n + int(r.oti.SymbolLength) - 1) / int(r.oti.SymbolLength)
	if uint64(esi) >= uint64(r.oti.MaxESI(k)) {
		return nil, errESI
	}
	if count > 1 && r.oti.GroupSize > 1 {
		if g, ok := r.scheme.(fec.Grouper); ok {
			o.esis, err = g.AppendGroup(o.esis[:0], &r.oti, k, esi)
			if err != nil || len(o.esis) < count {
				return nil, errSymbolLength
			}
			return o.esis[:count], nil
		}
	}
	if uint64(esi)+uint64(count) > uint64(r.oti.MaxESI(k)) {
		return nil, errESI
	}
	o.esis = o.esis[:0]
	for i := range count {
		o.esis = append(o.esis, esi+fec.ESI(i))
	}
	return o.esis, nil
}

// each takes the symbols of payload one by one.
func (o *Object) each(sbn fec.SBN, esis []fec.ESI, k uint32, payload []byte) error {
	e := int(o.e.rec.oti.SymbolLength)
	fresh := false
	for _, esi := range esis {
		symbol := payload[:min(e, len(payload))]
		payload = payload[len(symbol):]
		isNew, err := o.symbol(sbn, esi, k, symbol)
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

// checkLengths verifies that payload is whole symbols, of which last is the last. Only the object's last source symbol may be shorter (RFC 5445,
// section 3.2.2.2); a truncated datagram must not become wrong bytes.
func (o *Object) checkLengths(sbn fec.SBN, last fec.ESI, k uint32, payload []byte) error {
	e := int(o.e.rec.oti.SymbolLength)
	rest := len(payload) % e
	if rest == 0 {
		return nil
	}
	if uint32(last) >= k {
		return errSymbolLength
	}
	if _, n := o.e.rec.part.SymbolBytes(sbn, last); int(n) != rest {
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
		if !b.have.prepare(r.budget, k, b.sources, r.oti.SymbolLength) {
			return false, errBudget
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
