package binding

import (
	"encoding/binary"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/internal/drop"
)

// Header is what the header of a packet says: flute_header of flute_node.h.
type Header struct {
	TSI, TOI     uint64    // TOI: its lower 64 bits
	TOIHigh      uint64    // the bits above
	CCI          [2]uint64 // the bits above 64, and those below
	SBN, ESI     uint32
	HasPayloadID bool
	FDT          bool // EXT_FDT is there
	InstanceID   uint32
	Codepoint    uint8
	CloseSession bool
	CloseObject  bool
}

// ParseHeader reads a packet. The error says under which reason a receiver would drop it.
func ParseHeader(packet []byte) (h Header, err error) {
	p, err := alc.Parse(packet)
	if err != nil {
		return h, Wrong("%v: %v", drop.Of(err), err)
	}
	h.TSI, h.Codepoint = uint64(p.TSI), p.Codepoint
	var toi [16]byte
	copy(toi[2:], p.TOI.AppendBytes(nil, 14))
	h.TOIHigh, h.TOI = binary.BigEndian.Uint64(toi[:8]), binary.BigEndian.Uint64(toi[8:])
	n := max(int(p.CCILen), 4)
	var cci [16]byte
	copy(cci[16-n:], p.CCI[:n])
	h.CCI = [2]uint64{binary.BigEndian.Uint64(cci[:8]), binary.BigEndian.Uint64(cci[8:])}
	h.CloseSession, h.CloseObject = p.CloseSession, p.CloseObject
	h.FDT, h.InstanceID = p.HasFDT, uint32(p.InstanceID)
	oti := fec.OTI{EncodingID: fec.EncodingID(p.Codepoint), FieldBits: 8}
	if p.FTI != nil {
		if own, err := fec.ParseFTI(oti.EncodingID, p.FTI); err == nil {
			oti = own
		}
	}
	if id, _, err := oti.ParsePayloadID(p.Body); err == nil && len(p.Body) > 0 {
		h.SBN, h.ESI, h.HasPayloadID = uint32(id.SBN), uint32(id.ESI), true
	}
	return h, nil
}
