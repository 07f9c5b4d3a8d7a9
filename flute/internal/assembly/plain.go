package assembly

import "github.com/flute-node/flute-node/fec"

// IsPlain reports whether the payload of a packet is one source symbol that is new, of the source block that the symbol
// before was of. That block is not complete with it, and holds no repair symbols. Then TakePlain does what Take does,
// in a fraction of the time: most packets are so.
func (a *Assembly) IsPlain(payload []byte) (id fec.PayloadID, ok bool) {
	b := a.latest
	if b == nil || b.sources+1 >= b.k || len(b.repair) > 0 || b.lost != nil || len(b.have.bits) == 0 ||
		a.doubt != nil || a.part.HasSubBlocks() {
		return id, false
	}
	id, n, err := a.OTI.ParsePayloadID(payload)
	ok = err == nil && id.SBN == a.latestSBN && uint32(id.ESI) < b.k && len(payload)-n == int(a.OTI.SymbolLength) &&
		!b.have.bits.has(uint32(id.ESI))
	return id, ok
}

// TakePlain takes the symbol of a payload that IsPlain has just returned id of. It reports false if there is no room
// for its bytes: Take tells why.
func (a *Assembly) TakePlain(id fec.PayloadID, payload []byte) bool {
	b := a.latest
	off, n := a.part.Symbol(id.SBN, id.ESI)
	symbol := payload[len(payload)-int(a.OTI.SymbolLength):]
	a.putting = false
	a.block, a.inHand = id.SBN, true
	err := a.put(symbol[:n], off)
	if err == nil {
		b.have.set(uint32(id.ESI))
		b.sources++
		a.touch(id.SBN, b)
		a.count(n)
	}
	a.inHand = false
	return err == nil
}
