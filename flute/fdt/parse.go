package fdt

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/flute-node/flute-node/flute"
)

// batchBytes is how much of the document is made into a tree at a time; a tree takes tens of times as much.
const batchBytes = 64 << 10

// maxShown is how many bytes of a Content-Location a Rejection shows.
const maxShown = 256

// parser builds an Instance.
type parser struct {
	now   time.Time
	scope scope
	root  attributes
	inst  Instance
	index map[flute.TOI]int // of inst.Files
	spare int               // bytes that may still be kept of elements that are not understood
}

// keptFactor is how many bytes may be kept of unknown elements for each byte of the document. Alone, an empty one of
// four bytes takes forty times as much, with the declarations that it needs. What is beyond is ignored.
const keptFactor = 4

// Parse reads the FDT Instance b. now selects the NTP era of its times, and nothing else: an expired instance is
// parsed like any other. File entries that cannot be used are in Rejected. The result does not refer to b. An error
// wraps ErrLimit, ErrMalformed or ErrInstance.
func Parse(b []byte, now time.Time, lim Limits) (*Instance, error) {
	b = bytes.TrimPrefix(b, []byte("\uFEFF"))
	l, err := check(b, lim.withDefaults())
	if err != nil {
		return nil, err
	}
	p := parser{now: now, index: make(map[flute.TOI]int, l.files), spare: keptFactor * len(b)}
	if err = p.rootElement(b, &l); err != nil {
		return nil, err
	}
	p.inst.Files = make([]File, 0, l.files) // they were seen, not claimed
	for rest := l.children; len(rest) > 0; {
		n, size := 0, 0
		for n < len(rest) && (n == 0 || size+rest[n].end-rest[n].start <= batchBytes) {
			size += rest[n].end - rest[n].start
			n++
		}
		if err = p.batch(b, rest[:n], size); err != nil {
			return nil, err
		}
		rest = rest[n:]
	}
	if len(p.inst.Files) < l.files/2 {
		p.inst.Files = slices.Clone(p.inst.Files) // most were rejected: let go of the memory
	}
	p.inst.Attributes = p.root.rest
	p.inherit()
	return &p.inst, nil
}

// tree builds a tree of a part of the document that has passed check.
func tree(b []byte) (*etree.Element, error) {
	d := etree.NewDocument()
	if err := d.ReadFromBytes(b); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return d.Root(), nil
}

// rootElement reads the start tag of the root element.
func (p *parser) rootElement(b []byte, l *layout) error {
	tag := bytes.Clone(b[l.root.start:l.root.end])
	if !bytes.HasSuffix(tag, []byte("/>")) {
		tag = append(append(append(tag, "</"...), l.rootName...), '>')
	}
	root, err := tree(tag)
	if err != nil {
		return err
	}
	if root.Tag != elementInstance {
		return fmt.Errorf("%w: the root element is %.40q", ErrInstance, root.Tag)
	}
	p.scope = newScope(root)
	a, in := &p.root, &p.inst
	a.read(root, p.scope, onInstance)
	in.Namespace = p.scope.element(root)
	expires, ok := a.text(fieldExpires)
	if !ok {
		return fmt.Errorf("%w: Expires is missing", ErrInstance)
	}
	n, err := parseUint(fieldExpires, expires, 32)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInstance, err)
	}
	in.Expires = FromNTP(uint32(n), p.now)
	in.Complete = a.flag(fieldComplete)
	in.FullFDT = a.flag(fieldFullFDT)
	in.ContentType, _ = a.text(fieldContentType)
	in.ContentEncoding, _ = a.text(fieldContentEncoding)
	for _, f := range otiFields {
		*in.OTI.text(f), _ = a.text(f)
	}
	return nil
}

// flag returns whether f is true. A value that is no boolean stays among the attributes without a meaning: of Complete,
// no more must be concluded than a receiver may do without it.
func (a *attributes) flag(f field) bool {
	s, ok := a.text(f)
	if !ok {
		return false
	}
	v, ok := parseBool(s)
	if !ok {
		a.keep(f)
	}
	return v
}

// batch reads some children of the root.
func (p *parser) batch(b []byte, children []span, size int) error {
	part := make([]byte, 0, size+len("<r></r>"))
	part = append(part, "<r>"...)
	for _, c := range children {
		part = append(part, b[c.start:c.end]...)
	}
	part = append(part, "</r>"...)
	root, err := tree(part)
	if err != nil {
		return err
	}
	for _, t := range root.Child {
		e, ok := t.(*etree.Element)
		if !ok {
			continue
		}
		if e.Tag == elementFile {
			p.add(e)
		} else {
			p.child(e)
		}
	}
	return nil
}

// add reads a File entry and decides what becomes of it.
func (p *parser) add(e *etree.Element) {
	var a attributes
	a.read(e, p.scope, onFile)
	toi, _ := a.text(fieldTOI)
	location, _ := a.text(fieldContentLocation)
	f, err := p.file(e, &a)
	if err == nil {
		at, again := p.index[f.TOI]
		switch {
		case !again:
			p.index[f.TOI] = len(p.inst.Files)
			p.inst.Files = append(p.inst.Files, f)
			return
		case reflect.DeepEqual(f, p.inst.Files[at]):
			return
		}
		// "there is a single file description entry in the FDT Instance" for each file (RFC 6726, section 3.4.2)
		err = errors.New("an earlier entry with this TOI says otherwise")
	}
	p.inst.Rejected = append(p.inst.Rejected, Rejection{
		TOI: strings.Clone(shorten(toi, 40)), ContentLocation: strings.Clone(shorten(location, maxShown)), Reason: err.Error(),
	})
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
	if err = p.digests(&f, a); err != nil {
		return f, err
	}
	f.OTI, err = mergeOTI(a, &p.root, f.TransferLength)
	switch {
	case err == nil:
		f.HasOTI = true
		if f.OTI.EncodingID > 6 { // instance-specific, or not understood
			a.keep(fieldSchemeSpecificInfo)
		}
	case errors.Is(err, errIncomplete):
		for _, x := range otiFields {
			a.keep(x)
		}
	default:
		return f, err
	}
	f.extensions(a)
	p.fileChildren(&f, e)
	f.Attributes = a.rest
	return f, nil
}

// content reads what kind of content there is, how long it is, and how it is encoded.
func (p *parser) content(f *File, a *attributes) (err error) {
	if f.ContentLength, err = a.number(fieldContentLength); err != nil {
		return err
	}
	if f.TransferLength, err = a.number(fieldTransferLength); err != nil {
		return err
	}
	other, err := a.number(fieldOTITransferLength)
	if err != nil {
		return err
	}
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

// digests reads the message digests.
func (p *parser) digests(f *File, a *attributes) (err error) {
	if s, ok := a.text(fieldContentMD5); ok {
		if f.MD5, err = parseMD5(s); err != nil {
			return err
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
		return err
	}
	f.SHA256, f.SHA512 = d.sha256, d.sha512
	if ok && d.sha256 == nil && d.sha512 == nil {
		a.keep(fieldContentDigest)
	}
	return nil
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

// inherit adds the groups of the FDT-Instance, which come after the Files in the document, to each File.
func (p *parser) inherit() {
	common := slices.Clip(p.inst.Groups)
	if len(common) == 0 {
		return
	}
	for i := range p.inst.Files {
		f := &p.inst.Files[i]
		own := f.Groups
		f.Groups = common
		for _, g := range own {
			if !slices.Contains(common, g) {
				f.Groups = append(f.Groups, g)
			}
		}
	}
}
