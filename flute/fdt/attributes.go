package fdt

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/beevik/etree"
)

// The names of the elements.
const (
	elementInstance = "FDT-Instance"
	elementFile     = "File"
)

// field is an attribute that this package understands.
type field uint8

const (
	fieldExpires field = iota
	fieldComplete
	fieldFullFDT
	fieldContentLocation
	fieldTOI
	fieldContentLength
	fieldTransferLength
	fieldOTITransferLength // RFC 5510 and others call Transfer-Length so
	fieldContentType
	fieldContentEncoding
	fieldContentMD5
	fieldEncodingID
	fieldInstanceID
	fieldMaxSourceBlockLength
	fieldSymbolLength
	fieldMaxEncodingSymbols
	fieldSchemeSpecificInfo
	fieldDecryptionKeyURI
	fieldRedundancyLevel
	fieldETag
	fieldUnitPositions
	fieldRepairStart
	fieldRepairLimit
	fieldContentDigest
	fieldReprDigest
	numFields
)

// place is the elements on which a field has a meaning.
type place uint8

const (
	onInstance place = 1 << iota
	onFile
)

// fields tells the name of each field, and where it belongs. Space "" is the attributes of the RFCs, which have no
// prefix.
var fields = [numFields]struct {
	space, local string
	on           place
}{
	fieldExpires:              {"", "Expires", onInstance},
	fieldComplete:             {"", "Complete", onInstance},
	fieldFullFDT:              {nsMBMS2008, "FullFDT", onInstance},
	fieldContentLocation:      {"", "Content-Location", onFile},
	fieldTOI:                  {"", "TOI", onFile},
	fieldContentLength:        {"", "Content-Length", onFile},
	fieldTransferLength:       {"", "Transfer-Length", onFile},
	fieldOTITransferLength:    {"", "FEC-OTI-Transfer-Length", onFile},
	fieldContentType:          {"", "Content-Type", onInstance | onFile},
	fieldContentEncoding:      {"", "Content-Encoding", onInstance | onFile},
	fieldContentMD5:           {"", "Content-MD5", onFile},
	fieldEncodingID:           {"", "FEC-OTI-FEC-Encoding-ID", onInstance | onFile},
	fieldInstanceID:           {"", "FEC-OTI-FEC-Instance-ID", onInstance | onFile},
	fieldMaxSourceBlockLength: {"", "FEC-OTI-Maximum-Source-Block-Length", onInstance | onFile},
	fieldSymbolLength:         {"", "FEC-OTI-Encoding-Symbol-Length", onInstance | onFile},
	fieldMaxEncodingSymbols:   {"", "FEC-OTI-Max-Number-of-Encoding-Symbols", onInstance | onFile},
	fieldSchemeSpecificInfo:   {"", "FEC-OTI-Scheme-Specific-Info", onInstance | onFile},
	fieldDecryptionKeyURI:     {nsMBMS2009, "Decryption-KEY-URI", onFile},
	fieldRedundancyLevel:      {nsMBMS2012, "FEC-Redundancy-Level", onFile},
	fieldETag:                 {nsMBMS2012, "File-ETag", onFile},
	fieldUnitPositions:        {nsMBMS2015, "IndependentUnitPositions", onFile},
	fieldRepairStart:          {nsMBMS2025, "Repair-Start", onFile},
	fieldRepairLimit:          {nsMBMS2025, "Repair-Limit-Percentage", onFile},
	fieldContentDigest:        {nsDVB, "Content-Digest", onFile},
	fieldReprDigest:           {nsDVB, "Repr-Digest", onFile},
}

func (f field) String() string { return fields[f].local }

// attributes are the attributes of one element by their meaning.
type attributes struct {
	values [numFields]attribute
	rest   []Attribute // without a meaning
}

type attribute struct {
	space, text string
	match       match
}

// match is how well the name of an attribute fits: any namespace is accepted if no better match is there.
type match uint8

const (
	noMatch      match = iota
	matchesLocal       // the local name only
	matchesMain        // no namespace or a main one: TS 26.346 L.6 writes extensions so, some tools prefix the rest
	matchesExact
)

// read takes the attributes of e, which is one of the elements on.
func (a *attributes) read(e *etree.Element, s scope, on place) {
	*a = attributes{}
	for i := range e.Attr {
		at := &e.Attr[i]
		if _, ok := declares(at); ok {
			continue
		}
		a.set(s.attribute(e, at), at.Key, at.Value, on)
	}
}

// set takes one attribute of an element on.
func (a *attributes) set(space, local, value string, on place) {
	f := lookup(local, on)
	if f == numFields {
		a.rest = append(a.rest, Attribute{space, local, value})
		return
	}
	m := matchesLocal
	switch {
	case space == fields[f].space:
		m = matchesExact
	case isMain(space):
		m = matchesMain
	}
	// Of several with one local name the others are dropped: if they were kept and written back without the best
	// one, because its value is the default, one of them would take its place.
	if m > a.values[f].match {
		a.values[f] = attribute{space, value, m}
	}
}

// lookup returns the field with the local name on an element, numFields if there is none.
func lookup(local string, on place) field {
	for f := range fields {
		if fields[f].local == local && fields[f].on&on != 0 {
			return field(f)
		}
	}
	return numFields
}

// text returns the value of f, and whether there is one.
func (a *attributes) text(f field) (string, bool) {
	return a.values[f].text, a.values[f].match != noMatch
}

// keep moves f to the attributes without a meaning. It copies the text, which may be a part of the whole entry.
func (a *attributes) keep(f field) {
	if v := &a.values[f]; v.match != noMatch {
		a.rest = append(a.rest, Attribute{strings.Clone(v.space), fields[f].local, strings.Clone(v.text)})
		*v = attribute{}
	}
}

// number returns the value of f, nil if there is none.
func (a *attributes) number(f field) (*uint64, error) {
	s, ok := a.text(f)
	if !ok {
		return nil, nil
	}
	n, err := parseUint(f, s, 64)
	if err != nil {
		return nil, err
	}
	return &n, nil
}

// parseUint reads a decimal number of at most bits bits. XML Schema allows white space around it and a plus sign.
func parseUint(f field, s string, bits int) (uint64, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(strings.TrimSpace(s), "+"), 10, bits)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, fmt.Errorf("%v %.40q is not a number of %d bits: %w", f, s, bits, strconv.ErrRange)
	case err != nil:
		return 0, fmt.Errorf("%v %.40q is not a number of %d bits", f, s, bits)
	}
	return n, nil
}

// parseBool reads an xs:boolean, in any case.
func parseBool(s string) (v, ok bool) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "1", "true":
		return true, true
	case "0", "false":
		return false, true
	}
	return false, false
}
