package fdt

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/flute-node/flute-node/fec"
)

// otiFields are the FEC-OTI attributes that a File inherits, in the order of the schema.
var otiFields = [...]field{
	fieldEncodingID, fieldInstanceID, fieldMaxSourceBlockLength, fieldSymbolLength, fieldMaxEncodingSymbols,
	fieldSchemeSpecificInfo,
}

// need is what a FEC Encoding ID makes of an attribute.
type need uint8

const (
	unused need = iota
	optional
	required
)

// needs tells how the scheme id uses the attribute f (RFC 6726, section 5, and the RFCs of the schemes). An attribute
// that is unused is ignored, even if a File inherits it from an FDT-Instance element that was written with another
// scheme in mind; "the FEC Instance ID MUST NOT be used for fully-specified FEC schemes" (RFC 5052, section 6.2.4).
func needs(id fec.EncodingID, f field) need {
	unknown := !id.Known()
	switch f {
	case fieldEncodingID, fieldSymbolLength:
		return required
	case fieldInstanceID:
		return when(!id.FullySpecified(), optional) // 0 unless given
	case fieldMaxSourceBlockLength:
		if id == fec.Raptor || id == fec.RaptorQ || unknown { // follows from Z
			return when(unknown, optional)
		}
		return required
	case fieldMaxEncodingSymbols:
		switch id {
		case fec.ReedSolomonGF2m, fec.ReedSolomonGF28, fec.LDPCStaircase, fec.LDPCTriangle, fec.SmallBlockSystematic:
			return required
		default:
			return when(unknown, optional)
		}
	case fieldSchemeSpecificInfo:
		switch id {
		case fec.Raptor, fec.RaptorQ, fec.LDPCStaircase, fec.LDPCTriangle:
			return required
		default:
			return when(id == fec.ReedSolomonGF2m, optional)
		}
	default:
		return unused
	}
}

// when returns n if cond holds, else unused.
func when(cond bool, n need) need {
	if cond {
		return n
	}
	return unused
}

// errIncomplete: not all that is needed is there. It is no fault: EXT_FTI may tell the rest.
var errIncomplete = errors.New("FEC-OTI attributes are incomplete")

// mergeOTI returns the OTI that the attributes of a File and of its FDT-Instance tell, the File's first, one by one.
func mergeOTI(file, instance *attributes, transferLength *uint64) (fec.OTI, error) {
	get := func(f field) (string, bool) {
		if s, ok := file.text(f); ok {
			return s, true
		}
		return instance.text(f)
	}
	s, ok := get(fieldEncodingID)
	if !ok {
		return fec.OTI{}, errIncomplete
	}
	n, err := parseUint(fieldEncodingID, s, 8)
	if err != nil {
		return fec.OTI{}, err
	}
	o := fec.OTI{EncodingID: fec.EncodingID(n)}
	if o.EncodingID == fec.ReedSolomonGF2m {
		o.FieldBits, o.GroupSize = 8, 1 // RFC 5510, section 4.2.3: the values of those that are not given
	}
	complete := transferLength != nil
	if complete {
		o.TransferLength = *transferLength
	}
	for _, f := range otiFields[1:] {
		use := needs(o.EncodingID, f)
		if use == unused {
			continue
		}
		if s, ok = get(f); !ok {
			complete = complete && use == optional
			continue
		}
		err = setOTI(&o, f, s)
		if _, own := file.text(f); err != nil && f == fieldSchemeSpecificInfo && !own {
			complete = complete && use == optional // inherited from an FDT-Instance that means another scheme
		} else if err != nil {
			return fec.OTI{}, err
		}
	}
	if !complete {
		return fec.OTI{}, errIncomplete
	}
	return o, nil
}

// setOTI sets the value of one attribute, other than the FEC Encoding ID.
func setOTI(o *fec.OTI, f field, s string) error {
	var n uint64
	var err error
	switch f {
	case fieldInstanceID:
		n, err = parseUint(f, s, 16)
		o.InstanceID = uint16(n)
	case fieldMaxSourceBlockLength:
		n, err = parseUint(f, s, 32)
		o.MaxSourceBlockLength = uint32(n)
	case fieldSymbolLength:
		n, err = parseUint(f, s, 16)
		o.SymbolLength = uint16(n)
	case fieldMaxEncodingSymbols:
		n, err = parseUint(f, s, 32)
		o.MaxEncodingSymbols = uint32(n)
	case fieldSchemeSpecificInfo:
		b, err := decodeBase64(s)
		if err != nil {
			return fmt.Errorf("%v %.40q is not base64", f, s)
		}
		return o.SetSchemeSpecificInfo(b)
	default:
	}
	return err
}

// attributesOf returns the FEC-OTI attributes that describe o. Maximum-Source-Block-Length is there for Raptor and
// RaptorQ too, although it follows from Z: older receivers want it.
func attributesOf(o fec.OTI) OTIAttributes {
	number := func(f field, n uint64) string {
		if use := needs(o.EncodingID, f); use == unused || (use == optional && n == 0) {
			return ""
		}
		return strconv.FormatUint(n, 10)
	}
	a := OTIAttributes{
		EncodingID:           strconv.Itoa(int(o.EncodingID)),
		InstanceID:           number(fieldInstanceID, uint64(o.InstanceID)),
		MaxSourceBlockLength: number(fieldMaxSourceBlockLength, uint64(o.MaxSourceBlockLength)),
		SymbolLength:         number(fieldSymbolLength, uint64(o.SymbolLength)),
		MaxEncodingSymbols:   number(fieldMaxEncodingSymbols, uint64(o.MaxEncodingSymbols)),
		SchemeSpecificInfo:   encodeBase64(o.SchemeSpecificInfo()),
	}
	if (o.EncodingID == fec.Raptor || o.EncodingID == fec.RaptorQ) && o.SymbolLength > 0 && o.SourceBlocks > 0 {
		a.MaxSourceBlockLength = strconv.FormatUint(uint64(o.Partition().Large), 10)
	}
	return a
}

// text returns the attribute f, which is one of otiFields.
func (a *OTIAttributes) text(f field) *string {
	switch f {
	case fieldEncodingID:
		return &a.EncodingID
	case fieldInstanceID:
		return &a.InstanceID
	case fieldMaxSourceBlockLength:
		return &a.MaxSourceBlockLength
	case fieldSymbolLength:
		return &a.SymbolLength
	case fieldMaxEncodingSymbols:
		return &a.MaxEncodingSymbols
	default:
		return &a.SchemeSpecificInfo
	}
}

// inherits reports whether a File with the attributes a, of scheme id, may leave them all out below an FDT-Instance
// with the attributes of. It is all or none, since there are receivers that inherit no other way.
func (a *OTIAttributes) inherits(of *OTIAttributes, id fec.EncodingID) bool {
	for _, f := range otiFields {
		if needs(id, f) != unused && *a.text(f) != *of.text(f) {
			return false
		}
	}
	return true
}
