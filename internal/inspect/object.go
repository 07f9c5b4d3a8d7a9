package inspect

import (
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/internal/capture"
)

// object is what came of one, but FDT Instances.
type object struct {
	toi             flute.TOI
	id              flute.InstanceID // of an FDT Instance
	first, last     time.Time
	firstNo, lastNo uint64
	wholeNo         uint64 // the packet with which all source blocks were complete; 0: they are not
	packets, bytes  uint64
	closed          bool // B was seen

	oti      fec.OTI
	hasOTI   bool // it can be used
	inBand   bool // it came in EXT_FTI
	otiTold  bool // that it is impossible was told
	part     fec.Partition
	file     *fdt.File // nil: no FDT Instance describes it
	checked  bool      // codepoint and OTI were compared with file
	point    uint8     // the codepoint of its first packet
	blocks   map[fec.SBN]*block
	latest   *block
	latestNo fec.SBN
	complete uint32 // source blocks
	symbols  uint64 // that differ
	repair   uint64 // of these
	again    uint64 // that came before
	length   uint64 // with ROUTE; 0: not known
	untold   bool   // not all of its packets were judged
}

// block is what came of a source block.
type block struct {
	seen    spans
	turn    spans // what came in the present transfer, if there were several; else seen is it
	turns   int   // transfers before the present one
	last    uint32
	started bool
	k       uint32 // source symbols; 0: not known
	whole   bool
}

// packet takes one with a payload, of which the capture lacks missing bytes.
func (o *object) packet(s *session, d *capture.Datagram, p *alc.Packet, point *Point, missing int) {
	if o.packets == 0 {
		o.point = p.Codepoint
		if !o.toi.IsFDT() && s.fdt.seen > 0 && s.fdt.beyond == 0 && o.file == nil && s.fdt.files[o.toi] == nil {
			s.breaks("E23", d.Number, "TOI %v", o.toi)
		}
	}
	o.packets++
	o.bytes += uint64(len(p.Body) + missing)
	o.last, o.lastNo = d.Time, d.Number
	if p.CloseObject {
		o.closed = true
	} else if o.closed && !o.toi.IsFDT() {
		s.breaks("L11", d.Number, "TOI %v", o.toi)
	}
	if p.FTI != nil && !(o.hasOTI && o.inBand) {
		o.learn(s, d.Number, p)
	}
	if p.Codepoint != o.point {
		s.breaks("E83", d.Number, "TOI %v: codepoint %d after %d", o.toi, p.Codepoint, o.point)
	}
	oti := &o.oti
	if !o.hasOTI {
		oti = &fec.OTI{EncodingID: fec.EncodingID(p.Codepoint), FieldBits: 8}
		if !oti.EncodingID.Known() {
			return
		}
	}
	id, n, err := oti.ParsePayloadID(p.Body)
	if err != nil {
		if missing == 0 {
			s.breaks("A15", d.Number, "TOI %v: a payload of %d bytes", o.toi, len(p.Body))
		}
		return
	}
	count := o.lengths(s, d.Number, id, len(p.Body)-n+missing)
	if count == 0 {
		return
	}
	b := o.block(s, id.SBN)
	if b == nil {
		o.untold = true
		return
	}
	if count > 1 {
		point = s.series.at(d.Time)
	}
	for i := range count {
		key := symbolKey{toi: o.toi, id: o.id, sbn: id.SBN, esi: id.ESI + fec.ESI(i)}
		o.symbol(s, b, key, d.Time, point)
	}
	if o.wholeNo == 0 && o.hasOTI && o.complete == o.part.Blocks() {
		o.wholeNo = d.Number
	}
}

// lengths judges the place and length of symbols of n bytes, and returns how many there are.
func (o *object) lengths(s *session, number uint64, id fec.PayloadID, n int) int {
	if !o.hasOTI {
		return 1
	}
	k := o.part.BlockSymbols(id.SBN)
	if k == 0 || uint32(id.ESI) >= o.oti.MaxESI(k) {
		s.breaks("C10", number, "TOI %v: SBN %d, ESI %d", o.toi, id.SBN, id.ESI)
		return 0
	}
	e := int(o.oti.SymbolLength)
	count := max((n+e-1)/e, 1)
	if n%e != 0 || n == 0 {
		// Only the last symbol of the object may be shorter.
		last := id.ESI + fec.ESI(count) - 1
		_, want := o.part.Symbol(id.SBN, last)
		if int(want) != n-(count-1)*e || uint32(last) >= k {
			s.breaks("C05", number, "TOI %v: SBN %d, ESI %d: %d bytes, the symbol length is %d", o.toi, id.SBN,
				id.ESI, n, e)
			return 0
		}
	}
	if count > int(max(o.oti.GroupSize, 1)) && o.oti.EncodingID != fec.CompactNoCode &&
		o.oti.EncodingID != fec.RaptorQ && o.oti.EncodingID != fec.Raptor {
		return 1
	}
	return count
}

// learn takes EXT_FTI.
func (o *object) learn(s *session, number uint64, p *alc.Packet) {
	id := fec.EncodingID(p.Codepoint)
	oti, err := fec.ParseFTI(id, p.FTI)
	if err == nil {
		err = oti.Validate()
	}
	if err != nil {
		if !o.otiTold {
			o.otiTold = true
			s.breaks("B10", number, "TOI %v: EXT_FTI: %v", o.toi, err)
		}
		return
	}
	if id == fec.CompactNoCode && len(p.FTI) >= 8 && (p.FTI[6] != 0 || p.FTI[7] != 0) {
		s.breaks("C07", number, "TOI %v", o.toi)
	}
	o.inBand = true
	o.use(oti)
	o.compare(s, number)
}

// use takes an OTI that is valid. Blocks that came before get their lengths.
func (o *object) use(oti fec.OTI) {
	if o.hasOTI && o.oti == oti {
		return
	}
	o.oti, o.hasOTI, o.part = oti, true, oti.Partition()
	o.complete = 0
	for sbn, b := range o.blocks {
		b.k, b.whole = o.part.BlockSymbols(sbn), false
		o.judge(b)
	}
}

// describe takes the description of an FDT Instance.
func (o *object) describe(s *session, number uint64, f *fdt.File) {
	o.file = f
	o.compare(s, number)
	if f.HasOTI && !o.hasOTI {
		if err := f.OTI.Validate(); err == nil {
			o.use(f.OTI)
		}
	}
}

// compare judges EXT_FTI, codepoint and FDT beside each other, once both are there.
func (o *object) compare(s *session, number uint64) {
	f := o.file
	if f == nil || !f.HasOTI || o.checked || o.packets == 0 {
		return
	}
	if uint8(f.OTI.EncodingID) != o.point {
		o.checked = true
		s.breaks("E83", number, "TOI %v: codepoint %d, the FDT says FEC Encoding ID %d", o.toi, o.point,
			f.OTI.EncodingID)
	}
	if o.inBand {
		o.checked = true
		if f.OTI != o.oti {
			s.breaks("E80", number, "TOI %v: %+v and %+v", o.toi, o.oti, f.OTI)
		}
	}
}

// block returns that of sbn; nil: there is no memory for it.
func (o *object) block(s *session, sbn fec.SBN) *block {
	if o.latest != nil && o.latestNo == sbn {
		return o.latest
	}
	b := o.blocks[sbn]
	if b == nil {
		if !s.in.spend(s, blockCost) {
			return nil
		}
		b = &block{}
		if o.hasOTI {
			b.k = o.part.BlockSymbols(sbn)
		}
		o.blocks[sbn] = b
	}
	o.latest, o.latestNo = b, sbn
	return b
}

// symbol counts one.
func (o *object) symbol(s *session, b *block, key symbolKey, now time.Time, point *Point) {
	e := uint32(key.esi)
	// An object of few symbols may come again as soon by its sender's will.
	if s.doubled(key, now) && o.symbols > uint64(len(s.recent)) {
		s.duplicates++
		point.Duplicates++
		o.again++
		return
	}
	spansBefore := len(b.seen.list) + len(b.turn.list)
	fresh, full := b.seen.add(e)
	if full {
		o.untold = true
		return
	}
	inTurn := fresh
	if b.turns > 0 {
		if inTurn, full = b.turn.add(e); full {
			o.untold = true
		}
	}
	if n := len(b.seen.list) + len(b.turn.list) - spansBefore; n > 0 {
		_ = s.in.spend(s, uint64(n)*spanCost)
	}
	if fresh {
		o.symbols++
		if b.k > 0 && e >= b.k {
			o.repair++
		}
		o.judge(b)
	} else {
		o.again++
	}
	if !o.toi.IsFDT() { // each transfer of an FDT Instance may bring other repair symbols
		o.sequence(s, b, e, inTurn, point)
	}
}

// sequence tells from the ESIs what was lost and what came late.
func (o *object) sequence(s *session, b *block, e uint32, inTurn bool, point *Point) {
	switch {
	case !inTurn: // the sender has begun again
		b.turns++
		b.turn = spans{list: append(b.turn.list[:0], span{e, e + 1}), count: 1}
		b.last = e
		s.due++
	case !b.started:
		b.started, b.last = true, e
		s.due++
		// A block of which the beginning is missing, in an object of which something came before.
		if o.packets > 1 && len(o.blocks) > 1 && e < b.k {
			s.miss(uint64(e), point)
		}
	case e > b.last:
		s.due++
		s.miss(uint64(e-b.last-1), point)
		b.last = e
	default:
		s.late++
		point.Late++
		if s.lost > 0 {
			s.lost--
			if point.Lost > 0 {
				point.Lost--
			}
		} else {
			s.due++
		}
	}
}

// miss counts n symbols that did not come before one that did.
func (s *session) miss(n uint64, point *Point) {
	s.due += n
	s.lost += n
	point.Lost += n
}

// judge finds out whether a block is complete: as many encoding symbols came as it has source symbols, or without FEC
// all of them.
func (o *object) judge(b *block) {
	if !b.whole && b.k > 0 && b.seen.count >= b.k && (o.hasRepair() || b.seen.below(b.k) == b.k) {
		b.whole = true
		o.complete++
	}
}

func (o *object) hasRepair() bool {
	return o.oti.EncodingID != fec.CompactNoCode && o.oti.EncodingID != fec.Compact
}
