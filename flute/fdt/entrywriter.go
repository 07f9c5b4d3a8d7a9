package fdt

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flute-node/flute-node/flute"
)

// files writes the File entries, one a line.
func (w *writer) files() {
	for i := range w.in.Files {
		f := &w.in.Files[i]
		w.open(w.main, elementFile)
		w.declareOthers()
		w.fileAttributes(f)
		w.opened()
		start := len(w.b)
		w.fileChildren(f)
		if len(w.b) > start {
			w.end(w.main, elementFile)
		} else {
			w.b = w.b[:start-1]
			w.empty()
		}
		w.b = append(w.b, '\n')
	}
}

// fileAttributes writes the attributes of a File.
func (w *writer) fileAttributes(f *File) {
	w.optional(fieldContentLocation, f.ContentLocation)
	w.optional(fieldTOI, f.TOI.String())
	if f.ContentLength != nil {
		w.optional(fieldContentLength, strconv.FormatUint(*f.ContentLength, 10))
	}
	if n := f.transferLength(); n != nil && !(w.p.profiled() && f.ContentLength != nil && *n == *f.ContentLength) {
		w.optional(fieldTransferLength, strconv.FormatUint(*n, 10))
	}
	w.optional(fieldContentType, f.ContentType)
	switch {
	case f.ContentEncoding != flute.Null:
		w.optional(fieldContentEncoding, f.ContentEncoding.String())
	case w.in.ContentEncoding != "":
		w.optional(fieldContentEncoding, "identity") // or the FDT-Instance's would apply
	}
	if len(f.MD5) > 0 {
		w.optional(fieldContentMD5, encodeBase64(f.MD5))
	}
	if f.HasOTI {
		if a := attributesOf(f.OTI); !a.inherits(&w.in.OTI, f.OTI.EncodingID) {
			for _, x := range otiFields {
				w.optional(x, *a.text(x))
			}
		}
	}
	if !w.p.profiled() {
		w.optional(fieldDecryptionKeyURI, f.DecryptionKeyURI)
		if f.FECRedundancyLevel != nil {
			w.optional(fieldRedundancyLevel, strconv.FormatUint(uint64(*f.FECRedundancyLevel), 10))
		}
	}
	w.optional(fieldETag, f.ETag)
	if len(f.IndependentUnitPositions) > 0 {
		var s []string
		for _, n := range f.IndependentUnitPositions {
			s = append(s, strconv.FormatUint(n, 10))
		}
		w.optional(fieldUnitPositions, strings.Join(s, " "))
	}
	if !f.RepairStart.IsZero() {
		w.optional(fieldRepairStart, f.RepairStart.UTC().Format(time.RFC3339Nano))
	}
	if f.RepairLimit != nil {
		w.optional(fieldRepairLimit, strconv.FormatUint(uint64(*f.RepairLimit), 10))
	}
	w.optional(fieldContentDigest, w.digests(f).String())
	w.optional(fieldReprDigest, f.ReprDigest)
	w.attrs(f.Attributes)
}

// digests returns those of f that the schema has room for: that of DVB takes one.
func (w *writer) digests(f *File) digests {
	if w.p == DVBMABR && len(f.SHA256) > 0 {
		return digests{sha256: f.SHA256}
	}
	return digests{f.SHA256, f.SHA512}
}

// transferLength returns the transfer length, nil if f does not tell it.
func (f *File) transferLength() *uint64 {
	switch {
	case f.TransferLength != nil:
		return f.TransferLength
	case f.HasOTI:
		return &f.OTI.TransferLength
	case f.ContentEncoding == flute.Null:
		return f.ContentLength
	}
	return nil
}

// fileChildren writes the content of a File, in the order of the main schema of 3GPP.
func (w *writer) fileChildren(f *File) {
	if f.CacheControl != nil {
		w.cacheControl(f.CacheControl)
	}
	w.delimiter()
	w.alternates(elementAlternate1, f.AlternateLocations1)
	w.alternates(elementAlternate2, f.AlternateLocations2)
	w.delimiter()
	for _, e := range f.Elements {
		w.b = append(w.b, e.XML...)
	}
	if w.p.profiled() {
		return
	}
	for _, g := range f.Groups {
		if !slices.Contains(w.in.Groups, g) {
			w.element(w.extension(), elementGroup, g)
		}
	}
	for _, n := range f.SessionIdentities {
		w.element(w.extension(), elementIdentity, strconv.Itoa(int(n)))
	}
}

func (w *writer) cacheControl(c *CacheControl) {
	space := nsMBMS2007
	if w.p.profiled() {
		space = w.main
	}
	w.open(space, elementCacheControl)
	w.opened()
	switch {
	case c.NoCache:
		w.element(space, elementNoCache, "true")
	case c.MaxStale:
		w.element(space, elementMaxStale, "true")
	default:
		w.element(space, elementExpires, strconv.FormatUint(uint64(ntp(c.Expires)), 10))
	}
	w.end(space, elementCacheControl)
}

func (w *writer) alternates(local string, as []AlternateLocations) {
	for _, a := range as {
		w.open(nsMBMS2012, local)
		if !a.AvailableUntil.IsZero() {
			w.attr("", attributeAvailableTime, a.AvailableUntil.UTC().Format(time.RFC3339Nano))
		}
		w.opened()
		for _, uri := range a.URIs {
			w.element(nsMBMS2012, elementAlternate, uri)
		}
		w.end(nsMBMS2012, local)
	}
}
