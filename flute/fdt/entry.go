package fdt

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"github.com/flute-node/flute-node/flute"
)

// maxShown is how many bytes of a Content-Location a Rejection shows.
const maxShown = 256

// add reads a File entry of these attributes and decides what becomes of it. e has its content; nil: it has none.
func (p *parser) add(a *attributes, e *etree.Element) {
	toi, _ := a.text(fieldTOI)
	location, _ := a.text(fieldContentLocation)
	f, err := p.file(e, a)
	if err == nil {
		// "there is a single file description entry in the FDT Instance" for each file (RFC 6726, section 3.4.2)
		at, again := p.index[f.TOI]
		switch {
		case !again:
			p.index[f.TOI] = len(p.inst.Files)
			p.inst.Files = append(p.inst.Files, f)
			return
		case reflect.DeepEqual(f, p.inst.Files[at]):
			p.warn("TOI %v is described twice, in the same words", f.TOI)
			return
		}
		err = errors.New("an earlier entry with this TOI says otherwise")
	}
	if p.inst.RejectedCount++; p.inst.RejectedCount <= maxRejected {
		p.inst.Rejected = append(p.inst.Rejected, Rejection{
			TOI: strings.Clone(shorten(toi, 40)), ContentLocation: strings.Clone(shorten(location, maxShown)),
			Reason: err.Error(),
		})
	}
}

// file reads a File entry.
func (p *parser) file(e *etree.Element, a *attributes) (File, error) {
	var f File
	s, ok := a.text(fieldTOI)
	if !ok {
		return f, errors.New("TOI is missing")
	}
	var err error
	if f.TOI, err = flute.ParseTOI(strings.TrimPrefix(strings.TrimSpace(s), "+")); err != nil {
		return f, fmt.Errorf("TOI %.40q is not a decimal number of up to 112 bits", s)
	}
	if f.TOI.IsFDT() {
		return f, errors.New("TOI 0 is reserved for FDT Instances") // RFC 6726, section 3.3
	}
	if f.ContentLocation, ok = a.text(fieldContentLocation); !ok {
		return f, errors.New("Content-Location is missing")
	}
	if err = checkLocation(f.ContentLocation); err != nil {
		return f, err
	}
	if err = p.content(&f, a); err != nil {
		return f, err
	}
	p.digests(&f, a)
	f.OTI, err = mergeOTI(a, &p.root, f.TransferLength)
	if err == nil {
		f.HasOTI = true
		if f.OTI.EncodingID > 6 { // instance-specific, or not understood
			a.keep(fieldSchemeSpecificInfo)
		}
	} else {
		if !errors.Is(err, errIncomplete) {
			p.without(&f, err)
		}
		for _, x := range otiFields {
			a.keep(x)
		}
	}
	f.extensions(a)
	if e != nil {
		p.fileChildren(&f, e)
	}
	if p.keeps(sizeOf(a.rest)) {
		f.Attributes = a.rest
	}
	return f, nil
}

// without warns of something that a File is taken without: the object may be received all the same, by what EXT_FTI
// says, and a digest that cannot be read proves no more than none.
func (p *parser) without(f *File, err error) {
	p.warn("TOI %v is taken without what cannot be read: %v", f.TOI, err)
}

// sizeOf returns how many bytes attributes take.
func sizeOf(as []Attribute) int {
	n := 0
	for _, a := range as {
		n += 3*stringBytes + len(a.Space) + len(a.Local) + len(a.Value)
	}
	return n
}

// length reads a length, nil if there is none. Some senders write -1 for one that they do not know.
func (p *parser) length(f *File, a *attributes, x field) *uint64 {
	n, err := a.number(x)
	if err != nil {
		p.without(f, err)
	}
	return n
}

// content reads what kind of content there is, how long it is, and how it is encoded.
func (p *parser) content(f *File, a *attributes) (err error) {
	f.ContentLength, f.TransferLength = p.length(f, a, fieldContentLength), p.length(f, a, fieldTransferLength)
	other := p.length(f, a, fieldOTITransferLength)
	switch {
	case f.TransferLength == nil:
		f.TransferLength = other
	case other != nil && *other != *f.TransferLength:
		return fmt.Errorf("Transfer-Length is %d and FEC-OTI-Transfer-Length is %d", *f.TransferLength, *other)
	}
	encoding, ok := a.text(fieldContentEncoding)
	if !ok {
		encoding = p.inst.ContentEncoding
	}
	if f.ContentEncoding, err = flute.ParseContentEncoding(strings.TrimSpace(encoding)); err != nil {
		return fmt.Errorf("Content-Encoding %.40q is not supported", encoding)
	}
	// RFC 6726, section 3.4.2: without content encoding, 'the "Content-Length" is also the transfer length'.
	if f.TransferLength == nil && f.ContentEncoding == flute.Null && f.ContentLength != nil {
		n := *f.ContentLength
		f.TransferLength = &n
	}
	if f.ContentType, _ = a.text(fieldContentType); f.ContentType == "" { // an empty one is no media type
		f.ContentType = p.inst.ContentType
	}
	return nil
}

// digests reads the message digests. One that cannot be read is none.
func (p *parser) digests(f *File, a *attributes) {
	var err error
	if s, ok := a.text(fieldContentMD5); ok {
		if f.MD5, err = parseMD5(s); err != nil {
			p.without(f, err)
			a.keep(fieldContentMD5)
		}
	}
	s, ok := a.text(fieldContentDigest)
	x := fieldContentDigest
	f.ReprDigest, _ = a.text(fieldReprDigest)
	// In DVB-MABR, Repr-Digest is of the whole media object. A fragment tells that the file is a part of one.
	if !ok && !strings.Contains(f.ContentLocation, "#") {
		s, x = f.ReprDigest, fieldReprDigest
	}
	d, err := parseDigests(x, s)
	if err != nil {
		p.without(f, err)
	}
	f.SHA256, f.SHA512 = d.sha256, d.sha512
	if ok && d.sha256 == nil && d.sha512 == nil {
		a.keep(fieldContentDigest)
	}
}

// extensions reads the attributes of 3GPP. They are hints: what is not valid is kept and not understood.
func (f *File) extensions(a *attributes) {
	f.DecryptionKeyURI, _ = a.text(fieldDecryptionKeyURI)
	f.ETag, _ = a.text(fieldETag)
	if s, ok := a.text(fieldRedundancyLevel); ok {
		if n, err := parseUint(fieldRedundancyLevel, s, 32); err == nil {
			level := uint32(n)
			f.FECRedundancyLevel = &level
		} else {
			a.keep(fieldRedundancyLevel)
		}
	}
	if s, ok := a.text(fieldRepairStart); ok {
		if f.RepairStart = parseDateTime(s); f.RepairStart.IsZero() {
			a.keep(fieldRepairStart)
		}
	}
	if s, ok := a.text(fieldRepairLimit); ok {
		if n, err := parseUint(fieldRepairLimit, s, 32); err == nil && n <= 100 {
			limit := uint32(n)
			f.RepairLimit = &limit
		} else {
			a.keep(fieldRepairLimit)
		}
	}
	if s, ok := a.text(fieldUnitPositions); ok {
		for word := range strings.FieldsSeq(s) {
			n, err := strconv.ParseUint(word, 10, 64)
			if err != nil {
				f.IndependentUnitPositions = nil
				a.keep(fieldUnitPositions)
				break
			}
			f.IndependentUnitPositions = append(f.IndependentUnitPositions, n)
		}
	}
}
