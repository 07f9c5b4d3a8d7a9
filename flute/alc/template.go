package alc

import (
	"errors"
	"fmt"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/lct"
)

// Spec is the constant part of the headers of one object's packets.
type Spec struct {
	TSI       flute.TSI // at most flute.MaxTSI
	TOI       flute.TOI
	Codepoint uint8 // the FEC Encoding ID

	// Of FDT Instances only, and in all their packets (RFC 6726, sections 3.3 and 3.4.3).
	FLUTEVersion uint8                  // of EXT_FDT: 2 or 1; 0 for a file
	InstanceID   flute.InstanceID       // at most flute.MaxInstanceID
	CENC         *flute.ContentEncoding // nil: no EXT_CENC, as an FDT Instance that is not encoded MUST have none

	Time lct.Time // of EXT_TIME; zero: no EXT_TIME
	OTI  *fec.OTI // of EXT_FTI; nil: no EXT_FTI
}

// Template holds the rendered header of an object's packets. It is not safe for concurrent use.
type Template struct {
	header []byte
	time   lct.Time // the values that EXT_TIME has
	timeAt int      // offset of EXT_TIME in header; 0 without it
}

// Offset and bits of the flags A and B in an LCT header (RFC 5651, section 5.1).
const (
	flagsAt     = 1
	flagSession = 0x02
	flagObject  = 0x01
)

// check reports which field of the Spec breaks a rule of RFC 6726.
func (s *Spec) check() error {
	fdt := s.FLUTEVersion != 0
	switch {
	case s.TSI > flute.MaxTSI:
		return fmt.Errorf("alc: TSI %d has more than 48 bits", s.TSI)
	case s.InstanceID > flute.MaxInstanceID:
		return fmt.Errorf("alc: FDT Instance ID %d has more than 20 bits", s.InstanceID)
	case s.FLUTEVersion > 2:
		return fmt.Errorf("alc: FLUTE version %d does not exist", s.FLUTEVersion)
	case fdt != s.TOI.IsFDT():
		return errors.New("alc: TOI 0 and EXT_FDT go together")
	case s.InstanceID != 0 && !fdt:
		return errors.New("alc: FDT Instance ID without EXT_FDT")
	case s.CENC != nil && !fdt:
		return errors.New("alc: EXT_CENC without EXT_FDT")
	case s.OTI != nil && uint8(s.OTI.EncodingID) != s.Codepoint:
		return fmt.Errorf("alc: codepoint %d differs from FEC Encoding ID %d", s.Codepoint, uint8(s.OTI.EncodingID))
	}
	return nil
}

// usualExtensions is the length of the header extensions of most packets, at most.
const usualExtensions = 48

// NewTemplate renders the header: congestion control information of 32 bits with the value 0, TSI and TOI in the least
// number of bits, from 16 on, and the extensions EXT_FDT, EXT_CENC, EXT_TIME and EXT_FTI in this order. The error names
// the field that the RFCs do not allow; the OTI itself is not validated.
func NewTemplate(s Spec) (*Template, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	x := make(lct.Extensions, 0, usualExtensions)
	if s.FLUTEVersion != 0 {
		v := uint32(s.FLUTEVersion)<<20 | uint32(s.InstanceID)
		x = lct.AppendExtension(x, lct.HETFDT, []byte{byte(v >> 16), byte(v >> 8), byte(v)})
	}
	if s.CENC != nil {
		x = lct.AppendExtension(x, lct.HETCENC, []byte{byte(*s.CENC), 0, 0})
	}
	timeAt := -1
	if s.Time.HasSCT || s.Time.HasERT || s.Time.HasSLC {
		timeAt = len(x)
		x = s.Time.Append(x)
	}
	if s.OTI != nil {
		x = lct.AppendExtension(x, lct.HETFTI, s.OTI.AppendFTI(nil))
	}
	h := lct.Header{
		Codepoint: s.Codepoint, HasTSI: true, TSI: s.TSI, HasTOI: true, TOI: s.TOI, Extensions: x,
	}
	b, err := h.AppendBinary(make([]byte, 0, h.Len()))
	if err != nil {
		return nil, err
	}
	t := &Template{header: b, time: s.Time}
	if timeAt >= 0 {
		t.timeAt = len(b) - len(x) + timeAt
	}
	return t, nil
}

// Len returns the length in bytes of what Append appends.
func (t *Template) Len() int { return len(t.header) }

// Append appends the header of the object's next packet to b; FEC Payload ID and symbols go behind it. closeObject sets
// the flag B: the sender then sets it in all later packets of the object (RFC 5651, section 5.1). It allocates only to
// grow b.
func (t *Template) Append(b []byte, closeObject bool) []byte {
	at := len(b) + flagsAt
	b = append(b, t.header...)
	if closeObject {
		b[at] |= flagObject
	}
	return b
}

// SetTime refreshes the times of all later packets: those that the Template was made with. It allocates nothing.
func (t *Template) SetTime(now lct.Time) {
	if t.timeAt != 0 {
		now.HasSCT, now.Fine, now.HasERT, now.HasSLC = t.time.HasSCT, t.time.Fine, t.time.HasERT, t.time.HasSLC
		now.Append(t.header[:t.timeAt])
	}
}

// CloseSession sets the flag A in all later packets. There is no way back: RFC 5651, section 5.1, "Once the sender sets
// A to 1 in one packet, the sender SHOULD set A to 1 in all subsequent packets".
func (t *Template) CloseSession() { t.header[flagsAt] |= flagSession }
