package receiver

import (
	"bytes"
	"slices"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/alc"
)

// pending keeps copies of packets, in the order of their arrival, until they can be interpreted.
type pending struct {
	packets []keptPacket
	seen    map[packetID]struct{} // FEC Payload IDs of packets; nil: to be made once these are too many to look through
	bytes   uint64                // charged for them
}

const (
	// pendingOverhead is charged for each kept packet besides its bytes: slice, place in seen, and what the allocator
	// adds.
	pendingOverhead = 160
	// pendingShare is the part of what undescribed objects may hold, one of pendingShare, that the packets kept for one
	// object may take.
	pendingShare = 4
	// pendingScan is the number of packets that are looked through for one of the same FEC Payload ID.
	pendingScan = 64
	// surplusSymbols is how many encoding symbols beyond its source symbols are kept of a source block, as long as the
	// kept packets are looked through. Reed-Solomon needs none, and one that tells which code it is; Raptor codes fail
	// with so many more less than once in 250 blocks. Small blocks of LDPC codes may need nearly all: only the memory
	// for the object bounds what is kept of those, until all source symbols are.
	surplusSymbols = 8
)

// keep copies a packet that cannot be interpreted yet: nothing describes the object, or nothing tells its OTI.
// errDuplicate when it adds nothing to those that are kept.
func (o *Object) keep(now time.Time, p *alc.Packet) error {
	if len(p.Body) == 0 {
		return nil
	}
	kept := &o.e.pending
	if kept.has(p) {
		return errDuplicate
	}
	cost := keptCost(p)
	if kept.bytes+cost > o.l.undescribed.budget.Limit()/pendingShare {
		return errUnknownObject
	}
	if !o.l.reserveUndescribed(o.e, cost) {
		return errBudget
	}
	if kept.bytes == 0 {
		o.e.first = now
	}
	kept.add(p)
	return nil
}

// keptCost returns what is charged for p if it is kept, in bytes.
func keptCost(p *alc.Packet) uint64 { return uint64(len(p.FTI)+len(p.Body)) + pendingOverhead }

// add copies p, for which keptCost was charged.
func (k *pending) add(p *alc.Packet) {
	k.packets = append(k.packets, keptOf(p))
	k.bytes += keptCost(p)
	if k.seen != nil {
		k.seen[idOf(p)] = struct{}{}
	}
}

// join appends the packets of other, with what is charged for them.
func (k *pending) join(other *pending) {
	k.bytes += other.bytes
	k.packets = append(k.packets, other.packets...)
	k.seen = nil
}

// has reports whether p repeats a kept packet, or belongs to a source block of which enough is kept.
func (k *pending) has(p *alc.Packet) bool {
	if k.seen == nil && len(k.packets) >= pendingScan {
		k.seen = make(map[packetID]struct{}, 2*len(k.packets))
		for _, b := range k.packets {
			k.seen[b.id()] = struct{}{}
		}
	}
	id := idOf(p)
	if k.seen != nil {
		_, ok := k.seen[id]
		return ok
	}
	for _, b := range k.packets {
		if b[0] == p.Codepoint && b.id() == id {
			return true
		}
	}
	return k.enough(p)
}

// sameFTI reports whether p has the FEC OTI of the packet that was kept last, which was found to be usable.
func (k *pending) sameFTI(p *alc.Packet) bool {
	if len(k.packets) == 0 {
		return false
	}
	last := k.packets[len(k.packets)-1]
	return last[0] == p.Codepoint && bytes.Equal(last.fti(), p.FTI)
}

// enough reports whether the source block of p can do without it.
func (k *pending) enough(p *alc.Packet) bool {
	if len(k.packets) == 0 || p.FTI == nil {
		return false
	}
	oti, err := fec.ParseFTI(fec.EncodingID(p.Codepoint), p.FTI)
	if err != nil || oti.TransferLength == 0 || oti.Validate() != nil || oti.GroupSize > 1 {
		return false
	}
	id, _, err := oti.ParsePayloadID(p.Body)
	if err != nil {
		return false
	}
	part := oti.Partition()
	symbols := part.BlockSymbols(id.SBN)
	held, sources := uint32(0), uint32(0)
	for _, b := range k.packets {
		other, _, err := oti.ParsePayloadID(b.body())
		if err != nil || other.SBN != id.SBN || string(b.fti()) != string(p.FTI) {
			continue
		}
		if held++; uint32(other.ESI) < symbols {
			sources++
		}
	}
	if oti.EncodingID == fec.LDPCStaircase || oti.EncodingID == fec.LDPCTriangle {
		return sources == symbols
	}
	return sources == symbols || held >= symbols+surplusSymbols
}

// whole reports whether as many packets are kept as the object has source symbols, as far as EXT_FTI tells that.
func (k *pending) whole() bool {
	if len(k.packets) == 0 {
		return false
	}
	last := k.packets[len(k.packets)-1]
	oti, err := fec.ParseFTI(fec.EncodingID(last[0]), last.fti())
	if err != nil || oti.TransferLength == 0 || oti.Validate() != nil {
		return err == nil && oti.TransferLength == 0
	}
	return k.suffices(&oti)
}

// suffices reports whether as many packets are kept as an object of oti, which is not empty, has source symbols.
func (k *pending) suffices(oti *fec.OTI) bool {
	return uint64(len(k.packets))*uint64(max(1, oti.GroupSize))*uint64(oti.SymbolLength) >= oti.TransferLength
}

// isAll reports whether the packets that are kept may be an object of oti by themselves: they suffice, and each of them
// has a place in it. Those of a longer file under the same TOI, or with another EXT_FTI, do not.
func (k *pending) isAll(oti *fec.OTI) bool {
	if oti.Validate() != nil || !k.suffices(oti) {
		return false
	}
	part := oti.Partition()
	var fti []byte // that was compared last
	for _, b := range k.packets {
		id, _, err := oti.ParsePayloadID(b.body())
		if err != nil || b[0] != uint8(oti.EncodingID) || uint32(id.SBN) >= part.Blocks() ||
			oti.EncodingID == fec.CompactNoCode && uint32(id.ESI) >= part.BlockSymbols(id.SBN) {
			return false
		}
		if b.fti() == nil || bytes.Equal(b.fti(), fti) {
			continue
		}
		fti = b.fti()
		if other, err := fec.ParseFTI(oti.EncodingID, fti); err != nil || !equivalent(other, *oti) {
			return false
		}
	}
	return true
}

// replay handles the packets that were kept, in the order of their arrival, but one with EXT_FTI first: it decides
// which OTI the object has.
func (o *Object) replay(now time.Time) {
	waiting := o.e.pending.packets
	o.l.forgetPending(o.e)
	if i := slices.IndexFunc(waiting, func(k keptPacket) bool { return k.fti() != nil }); i > 0 {
		first := waiting[i]
		copy(waiting[1:i+1], waiting[:i])
		waiting[0] = first
	}
	for _, kept := range waiting {
		if o.e.phase > receiving {
			return
		}
		p := kept.packet(o.l.cfg.ROUTE)
		// It was counted as accepted when it came; what it turns out to be now changes no count.
		// Nor is it known on which feed it came.
		_ = o.handle(now, &p, noFeed)
	}
}
