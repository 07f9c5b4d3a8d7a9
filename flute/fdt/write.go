package fdt

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"strconv"

	"github.com/flute-node/flute-node/flute"
)

// The schemaVersions of TS 26.346, which requires one.
const (
	schemaVersionL6   = 2 // section L.6
	schemaVersionMain = 4 // section 7.2.10.1
)

// AppendXML appends the document in the dialect of p to b. The result depends on the values alone: the order is that of
// the schema, then that of the slices.
//
// A File carries its own attributes only; those of OTI are left out where the FDT-Instance says the same. RFC3926
// writes the main schema of 3GPP, with its delimiters, if SchemaVersion is set, and MBMSExtended always. MBMSDownload
// and DVBMABR leave out what their profile does not use (TS 26.346, section L.4): groups, FullFDT, session identities,
// Decryption-KEY-URI, FEC-Redundancy-Level, Transfer-Length where it equals Content-Length, and in MBMSDownload
// Complete.
//
// Errors wrap ErrNotWritable: no File, since "each FDT Instance contains at least a single file description entry" (RFC
// 6726, section 3.2); no Expires; a TOI that is 0 or is there twice; a Content-Location that is no URI; a digest of
// another length; a character that XML cannot hold; a content encoding other than gzip in the profiles of 3GPP and DVB.
func (i *Instance) AppendXML(b []byte, p Profile) ([]byte, error) {
	w := writer{p: p, in: i}
	w.main, w.prefixes = p.Namespace(), map[string]string{}
	w.check()
	w.b = make([]byte, 0, i.size())
	w.files()
	w.entries()
	w.children()
	body := w.b
	w.b = append(b, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"...)
	start := len(w.b)
	w.rootAttributes() // once for the prefixes
	w.b = append(w.b[:start], '<')
	w.b = append(w.b, elementInstance...)
	w.declarations()
	w.rootAttributes()
	w.opened()
	w.b = append(w.b, '\n')
	w.b = append(w.b, body...)
	w.end(w.main, elementInstance)
	if w.err != nil {
		return b, w.err
	}
	return w.b, nil
}

// size returns about how long the Files and Entries are.
func (i *Instance) size() int {
	n := len(i.Files) * 256
	for _, e := range i.Entries {
		n += len(e.text)
	}
	return n
}

// writer writes one FDT Instance.
type writer struct {
	output
	p  Profile
	in *Instance
}

// check reports what cannot be written, other than characters.
func (w *writer) check() {
	if len(w.in.Files)+len(w.in.Entries) == 0 {
		w.fail("there are no files")
	}
	if w.in.Expires.IsZero() {
		w.fail("Expires is missing")
	}
	seen := make(map[flute.TOI]bool, len(w.in.Files)+len(w.in.Entries))
	for _, e := range w.in.Entries {
		if seen[e.toi] {
			w.fail("TOI %v is there twice", e.toi)
		}
		seen[e.toi] = true
	}
	for i := range w.in.Files {
		f := &w.in.Files[i]
		if f.TOI.IsFDT() || seen[f.TOI] {
			w.fail("TOI %v is reserved or there twice", f.TOI)
		}
		seen[f.TOI] = true
		if err := checkURI(f.ContentLocation); err != nil {
			w.fail("TOI %v: %w", f.TOI, err)
		}
		switch {
		case !oneOf(len(f.MD5), md5.Size) || !oneOf(len(f.SHA256), sha256.Size) || !oneOf(len(f.SHA512), sha512.Size):
			w.fail("TOI %v: a digest has another length than its algorithm", f.TOI)
		case f.ContentEncoding > flute.GZIP:
			w.fail("TOI %v: Content-Encoding %v", f.TOI, f.ContentEncoding)
		case w.p.MBMS() && f.ContentEncoding != flute.Null && f.ContentEncoding != flute.GZIP:
			w.fail("TOI %v: Content-Encoding %v in profile %v", f.TOI, f.ContentEncoding, w.p)
		}
	}
}

func oneOf(n, size int) bool { return n == 0 || n == size }

// optional writes an attribute unless it is empty.
func (w *writer) optional(f field, value string) {
	if value != "" {
		w.attr(w.space(f), fields[f].local, value)
	}
}

// space returns the namespace in which the profile has the attribute f: TS 26.346, section L.6, took some in.
func (w *writer) space(f field) string {
	if f == fieldETag && w.p.profiled() {
		return ""
	}
	return fields[f].space
}

// rootAttributes writes the attributes of the root element.
func (w *writer) rootAttributes() {
	in := w.in
	w.written = w.written[:0]
	w.optional(fieldExpires, strconv.FormatUint(uint64(ntp(in.Expires)), 10))
	if in.Complete && w.p != MBMSDownload {
		w.optional(fieldComplete, "true")
	}
	w.optional(fieldContentType, in.ContentType)
	w.optional(fieldContentEncoding, in.ContentEncoding)
	for _, f := range otiFields {
		w.optional(f, *in.OTI.text(f))
	}
	if in.FullFDT && !w.p.profiled() {
		w.optional(fieldFullFDT, "true")
	}
	w.attrs(in.Attributes)
}

// children writes the elements after the Files.
func (w *writer) children() {
	in := w.in
	space, version := nsSV, in.SchemaVersion
	switch {
	case w.p.profiled():
		space, version = w.main, max(version, schemaVersionL6)
	case w.p == MBMSExtended:
		version = max(version, schemaVersionMain)
	}
	if version > 0 {
		w.line(space, elementSchemaVersion, strconv.FormatUint(uint64(version), 10))
	}
	for _, s := range in.BaseURLs1 {
		w.line(nsMBMS2012, elementBaseURL1, s)
	}
	for _, s := range in.BaseURLs2 {
		w.line(nsMBMS2012, elementBaseURL2, s)
	}
	w.delimiter()
	for _, e := range in.Elements {
		w.b = append(append(w.b, e.XML...), '\n')
	}
	if w.p.profiled() {
		return
	}
	for _, s := range in.Groups {
		w.line(w.extension(), elementGroup, s)
	}
	for _, s := range in.SessionIdentities {
		w.open(w.extension(), elementIdentityExpiry)
		w.attr("", attributeValue, strconv.FormatUint(uint64(ntp(s.Expires)), 10))
		w.opened()
		w.b = strconv.AppendUint(w.b, uint64(s.Identity), 10)
		w.end(w.extension(), elementIdentityExpiry)
		w.b = append(w.b, '\n')
	}
}

// extension returns the namespace of elements that 3GPP has in its main one. The schema of RFC 6726 permits only
// elements of other namespaces.
func (w *writer) extension() string {
	if w.p == RFC3926 || w.p == MBMSExtended {
		return w.main
	}
	return nsMBMS2005
}

// delimiter writes the element that the main schema of 3GPP requires between others.
func (w *writer) delimiter() {
	if w.p == MBMSExtended || w.p == RFC3926 && w.in.SchemaVersion > 0 {
		w.element(nsSV, elementDelimiter, "0")
	}
}

// line writes an element with a text in it on a line of its own.
func (w *writer) line(space, local, value string) {
	w.element(space, local, value)
	w.b = append(w.b, '\n')
}
