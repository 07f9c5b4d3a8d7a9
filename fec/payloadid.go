package fec

import (
	"encoding/binary"

	"github.com/flute-node/flute-node/internal/drop"
)

// errPayloadID is bare: it lies on the packet path.
var errPayloadID = drop.NewError(drop.PayloadID, "fec: packet ends inside the FEC Payload ID")

// esiBits returns how many low bits of the 4-byte FEC Payload ID are the ESI.
func (o *OTI) esiBits() uint {
	switch o.EncodingID {
	case ReedSolomonGF2m: // RFC 5510, section 4.1: SBN of 32-m bits, ESI of m bits
		return o.fieldBits()
	case LDPCStaircase, LDPCTriangle: // RFC 5170, section 4.1
		return 20
	case ReedSolomonGF28: // RFC 5510, section 5.1
		return 8
	case RaptorQ: // RFC 6330, section 3.2
		return 24
	default: // RFC 5445, section 3.2.1; RFC 5053, section 3.1
		return 16
	}
}

// PayloadIDLen returns the length of the FEC Payload ID in bytes; 0 for an unknown scheme.
func (o *OTI) PayloadIDLen() int {
	switch {
	case !o.EncodingID.Known():
		return 0
	case o.EncodingID == SmallBlockExpandable || o.EncodingID == SmallBlockSystematic:
		return 8
	}
	return 4
}

// ParsePayloadID reads the FEC Payload ID in front of b and returns its length. Its error is bare and counts as
// [drop.PayloadID]. It allocates nothing.
func (o *OTI) ParsePayloadID(b []byte) (PayloadID, int, error) {
	n := o.PayloadIDLen()
	if n == 0 || len(b) < n {
		return PayloadID{}, 0, errPayloadID
	}
	v := binary.BigEndian.Uint32(b)
	switch o.EncodingID {
	case SmallBlockExpandable: // RFC 5445, section 4.2.1
		return PayloadID{SBN: SBN(v), ESI: ESI(binary.BigEndian.Uint32(b[4:]))}, n, nil
	case SmallBlockSystematic: // RFC 5445, section 5.2.1
		return PayloadID{
			SBN: SBN(v), SourceBlockLength: binary.BigEndian.Uint16(b[4:]), ESI: ESI(binary.BigEndian.Uint16(b[6:])),
		}, n, nil
	default:
		bits := o.esiBits()
		return PayloadID{SBN: SBN(v >> bits), ESI: ESI(v & (1<<bits - 1))}, n, nil
	}
}

// AppendPayloadID appends p. Values too large for their field are cut: check them against the OTI before.
func (o *OTI) AppendPayloadID(b []byte, p PayloadID) []byte {
	switch o.EncodingID {
	case SmallBlockExpandable:
		return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, uint32(p.SBN)), uint32(p.ESI))
	case SmallBlockSystematic:
		b = binary.BigEndian.AppendUint32(b, uint32(p.SBN))
		b = binary.BigEndian.AppendUint16(b, p.SourceBlockLength)
		return binary.BigEndian.AppendUint16(b, uint16(p.ESI))
	default:
		bits := o.esiBits()
		return binary.BigEndian.AppendUint32(b, uint32(p.SBN)<<bits|uint32(p.ESI)&(1<<bits-1))
	}
}
