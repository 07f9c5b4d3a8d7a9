package receiver

import (
	"bytes"
	"fmt"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/event"
)

// The FEC OTI of an object "MUST be exactly the same whether it is delivered using EXT_FTI or using the FDT (or both)",
// and if it is not, EXT_FTI has priority (RFC 6726, section 5). An object is told about by one Warning, whatever
// disagrees.

// disagree deals with a packet whose EXT_FTI, which says oti, is not that of what is held. If the OTI of that
// came from the FDT, EXT_FTI takes its place as long as no symbol is held; symbols are never reinterpreted. If it came
// from the EXT_FTI of other packets, those are forged, or damaged, or a fault of the sender, or this one is: the one
// that the FDT confirms is used, and the object starts anew.
func (o *Object) disagree(now time.Time, oti fec.OTI, fti []byte) error {
	h, file := o.e.held, o.e.file
	switch confirmed := file != nil && file.HasOTI && equivalent(oti, file.OTI); {
	case h.FTI != nil && !confirmed:
		return errOTIConflict
	case h.FTI != nil:
		o.warn(&h.OTI, &file.OTI, "that of other packets, which the FDT confirms, is used")
	case h.HoldsSymbols():
		o.warn(&oti, &h.OTI, "symbols are held by that of the FDT, other packets are dropped")
		return errOTIConflict
	default:
		if err := o.l.checkOTI(&oti); err != nil {
			return err
		}
		o.warn(&oti, &h.OTI, "EXT_FTI is used")
	}
	o.l.drop(o.e, true)
	return o.open(now, oti, bytes.Clone(fti))
}

// warn tells, once, that the FEC OTI of the object is not the same everywhere.
func (o *Object) warn(fti, fdt *fec.OTI, conclusion string) {
	if o.e.warned {
		return
	}
	o.e.warned = true
	o.emit(event.Warning{Text: fmt.Sprintf("session %v, TOI %v: EXT_FTI says %s, the FDT says %s: %s",
		o.l.key, o.e.toi, describeOTI(fti), describeOTI(fdt), conclusion)})
}

// describeOTI returns what an OTI says, in words.
func describeOTI(o *fec.OTI) string {
	s := fmt.Sprintf("FEC Encoding ID %d, %d bytes, symbols of %d bytes",
		uint8(o.EncodingID), o.TransferLength, o.SymbolLength)
	switch {
	case o.MaxSourceBlockLength > 0:
		s += fmt.Sprintf(", source blocks of %d", o.MaxSourceBlockLength)
	case o.SourceBlocks > 0:
		s += fmt.Sprintf(", %d source blocks of %d sub-blocks", o.SourceBlocks, o.SubBlocks)
	}
	if o.MaxEncodingSymbols > 0 {
		s += fmt.Sprintf(" and at most %d encoding symbols", o.MaxEncodingSymbols)
	}
	return s
}
