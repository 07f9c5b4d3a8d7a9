package assembly

import (
	"bytes"
	"time"

	"github.com/flute-node/flute-node/fec"
)

// Take takes the payload of a packet: the FEC Payload ID and the encoding symbols behind it: one, or several, of
// consecutive ESIs or of those that the code says (fec.Grouper). The error is one of the packet, ErrDuplicate when none
// of the symbols was new, or a *Failure.
func (a *Assembly) Take(now time.Time, payload []byte) error {
	a.putting = false
	return a.take(now, payload)
}

func (a *Assembly) take(now time.Time, payload []byte) error {
	a.inHand = false
	if len(payload) == 0 || a.OTI.TransferLength == 0 {
		return nil // header only: an empty object, or a flag
	}
	id, n, err := a.OTI.ParsePayloadID(payload)
	if err != nil {
		return err
	}
	symbols := payload[n:]
	k := a.part.BlockSymbols(id.SBN)
	if k == 0 {
		return errSBN
	}
	if len(symbols) == 0 {
		return errSymbolLength
	}
	esis, err := a.group(id.ESI, k, len(symbols))
	if err != nil {
		return err
	}
	if err := a.checkLengths(id.SBN, esis[len(esis)-1], symbols); err != nil {
		return err
	}
	a.block, a.inHand = id.SBN, true
	err = a.each(now, id.SBN, esis, k, symbols)
	a.inHand = false
	return err
}

// group returns the ESIs of the symbols in a payload of n bytes, of which the first is esi. They are valid until the
// next call.
func (a *Assembly) group(esi fec.ESI, k uint32, n int) (esis []fec.ESI, err error) {
	count := (n + int(a.OTI.SymbolLength) - 1) / int(a.OTI.SymbolLength)
	if a.limitK != k {
		a.limitK, a.limit = k, a.OTI.MaxESI(k)
	}
	if uint64(esi) >= uint64(a.limit) {
		return nil, errESI
	}
	if count > 1 && a.OTI.GroupSize > 1 {
		if g, ok := a.scheme.(fec.Grouper); ok {
			a.esis, err = g.AppendGroup(a.esis[:0], &a.OTI, k, esi)
			if err != nil || len(a.esis) < count {
				return nil, errSymbolLength
			}
			return a.esis[:count], nil
		}
	}
	if uint64(esi)+uint64(count) > uint64(a.limit) {
		return nil, errESI
	}
	a.esis = a.esis[:0]
	for i := range count {
		a.esis = append(a.esis, esi+fec.ESI(i))
	}
	return a.esis, nil
}

// each takes symbols one by one.
func (a *Assembly) each(now time.Time, sbn fec.SBN, esis []fec.ESI, k uint32, symbols []byte) error {
	e := int(a.OTI.SymbolLength)
	fresh := false
	for _, esi := range esis {
		symbol := symbols[:min(e, len(symbols))]
		symbols = symbols[len(symbol):]
		isNew, err := a.symbol(now, sbn, esi, k, symbol)
		if err != nil {
			return err
		}
		fresh = fresh || isNew
	}
	if !fresh {
		return ErrDuplicate
	}
	return nil
}

// checkLengths verifies that symbols are whole, of which last is the last. Only the object's last source symbol may be
// shorter (RFC 5445, section 3.2.2.2); a truncated datagram must not become wrong bytes.
func (a *Assembly) checkLengths(sbn fec.SBN, last fec.ESI, symbols []byte) error {
	rest := len(symbols) % int(a.OTI.SymbolLength)
	if rest == 0 {
		return nil
	}
	if _, n := a.part.SymbolBytes(sbn, last); int(n) != rest { // 0 of a repair symbol
		return errSymbolLength
	}
	return nil
}

// symbol takes one encoding symbol and reports whether it was new.
func (a *Assembly) symbol(now time.Time, sbn fec.SBN, esi fec.ESI, k uint32, symbol []byte) (bool, error) {
	if a.doubt != nil && uint32(esi) < k && a.complete.has(sbn) {
		return a.compare(sbn, esi, symbol), nil
	}
	if a.complete.has(sbn) {
		if uint32(esi) < k && !a.isGuessed(sbn, esi) {
			a.notice(sbn, esi, symbol)
		}
		if err := a.prove(now, sbn, esi, k, symbol); err != nil {
			return false, err
		}
		return a.replaceGuess(sbn, esi, symbol)
	}
	b, err := a.open(sbn, k)
	if err != nil {
		return false, err
	}
	if uint32(esi) < k {
		if b.have.has(uint32(esi)) {
			a.notice(sbn, esi, symbol)
			return false, nil
		}
		if !b.have.prepare(a.budget, k, b.sources, a.OTI.SymbolLength) {
			return false, ErrBudget
		}
		n, err := a.write(sbn, esi, symbol)
		if err != nil {
			return false, err
		}
		b.have.set(uint32(esi))
		b.sources++
		a.touch(sbn, b)
		a.count(n)
		if b.sources == k {
			a.close(sbn, b)
			return true, nil
		}
		if len(b.repair) == 0 {
			return true, nil
		}
		return true, a.recover(now, sbn, b)
	}
	if _, ok := b.seen[esi]; ok {
		return false, nil
	}
	if !a.budget.TryReserve(a.repairCost()) {
		return false, ErrBudget
	}
	if b.seen == nil {
		b.seen = map[fec.ESI]struct{}{}
	}
	b.seen[esi] = struct{}{}
	b.repair = append(b.repair, fec.Symbol{ESI: esi, Data: bytes.Clone(symbol)})
	return true, a.recover(now, sbn, b)
}
