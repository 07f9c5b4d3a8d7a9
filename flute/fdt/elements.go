package fdt

import (
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// The names of the elements of 3GPP.
const (
	elementSchemaVersion   = "schemaVersion"
	elementDelimiter       = "delimiter"
	elementBaseURL1        = "Base-URL-1"
	elementBaseURL2        = "Base-URL-2"
	elementGroup           = "Group"
	elementIdentity        = "MBMS-Session-Identity"
	elementIdentityExpiry  = "MBMS-Session-Identity-Expiry"
	elementCacheControl    = "Cache-Control"
	elementNoCache         = "no-cache"
	elementMaxStale        = "max-stale"
	elementExpires         = "Expires"
	elementAlternate1      = "Alternate-Content-Location-1"
	elementAlternate2      = "Alternate-Content-Location-2"
	elementAlternate       = "Alternate-Content-Location"
	attributeAvailableTime = "Availability-Time"
	attributeValue         = "value"
)

// child reads a child of the root element that is no File. What is not valid is kept as unknown.
func (p *parser) child(e *etree.Element) {
	in := &p.inst
	switch e.Tag {
	case elementSchemaVersion:
		if n, err := strconv.ParseUint(text(e), 10, 32); err == nil && n > 0 && in.SchemaVersion == 0 {
			in.SchemaVersion = uint32(n)
			return
		}
	case elementBaseURL1:
		in.BaseURLs1 = append(in.BaseURLs1, text(e))
		return
	case elementBaseURL2:
		in.BaseURLs2 = append(in.BaseURLs2, text(e))
		return
	case elementGroup:
		in.Groups = append(in.Groups, text(e))
		return
	case elementIdentityExpiry:
		n, err := strconv.ParseUint(text(e), 10, 8)
		at, err2 := strconv.ParseUint(strings.TrimSpace(e.SelectAttrValue(attributeValue, "")), 10, 32)
		if err == nil && err2 == nil {
			expires := fromNTP(uint32(at), p.now)
			in.SessionIdentities = append(in.SessionIdentities, SessionIdentityExpiry{uint8(n), expires})
			return
		}
	}
	if !p.isDelimiter(e) {
		in.Elements = p.keep(in.Elements, e)
	}
}

// keep appends e to the elements that are not understood.
func (p *parser) keep(to []Element, e *etree.Element) []Element {
	const overhead = 96 // of an Element, and of the allocations
	if !p.keeps(overhead) {
		return to
	}
	u := p.scope.unknown(e)
	p.spare -= len(u.XML) // perhaps below zero: then it was the last
	return append(to, u)
}

// isDelimiter reports whether e is one of the elements that 3GPP puts between others to keep its schema unambiguous.
func (p *parser) isDelimiter(e *etree.Element) bool {
	if e.Tag != elementDelimiter {
		return false
	}
	space := p.scope.element(e)
	return space == nsSV || space == nsSVUpper || isMain(space)
}

// fileChildren reads the children of a File. What is not valid is kept as unknown.
func (p *parser) fileChildren(f *File, e *etree.Element) {
	for _, t := range e.Child {
		if child, ok := t.(*etree.Element); ok && !p.fileChild(f, child) && !p.isDelimiter(child) {
			f.Elements = p.keep(f.Elements, child)
		}
	}
}

func (p *parser) fileChild(f *File, e *etree.Element) (understood bool) {
	switch e.Tag {
	case elementCacheControl:
		if f.CacheControl == nil {
			f.CacheControl = p.cacheControl(e)
			return f.CacheControl != nil
		}
	case elementAlternate1:
		f.AlternateLocations1 = append(f.AlternateLocations1, alternates(e))
		return true
	case elementAlternate2:
		f.AlternateLocations2 = append(f.AlternateLocations2, alternates(e))
		return true
	case elementGroup:
		f.Groups = append(f.Groups, text(e))
		return true
	case elementIdentity:
		if n, err := strconv.ParseUint(text(e), 10, 8); err == nil {
			f.SessionIdentities = append(f.SessionIdentities, uint8(n))
			return true
		}
	}
	return false
}

// cacheControl reads a Cache-Control element (TS 26.346, section 7.2.13), nil without a directive that is known.
func (p *parser) cacheControl(e *etree.Element) *CacheControl {
	for _, directive := range e.ChildElements() {
		switch v, _ := parseBool(text(directive)); directive.Tag {
		case elementNoCache:
			if v {
				return &CacheControl{NoCache: true}
			}
		case elementMaxStale:
			if v {
				return &CacheControl{MaxStale: true}
			}
		case elementExpires:
			if n, err := strconv.ParseUint(text(directive), 10, 32); err == nil {
				return &CacheControl{Expires: fromNTP(uint32(n), p.now)}
			}
		}
	}
	return nil
}

// alternates reads an Alternate-Content-Location-1 or -2. An Availability-Time that is no xs:dateTime is no limit.
func alternates(e *etree.Element) AlternateLocations {
	var a AlternateLocations
	for _, child := range e.ChildElements() {
		if child.Tag == elementAlternate {
			a.URIs = append(a.URIs, text(child))
		}
	}
	for i := range e.Attr {
		if e.Attr[i].Key == attributeAvailableTime {
			a.AvailableUntil = parseDateTime(e.Attr[i].Value)
		}
	}
	return a
}

// parseDateTime reads an xs:dateTime, zero if it is none. Without a time zone it is UTC.
func parseDateTime(s string) time.Time {
	s = strings.TrimSpace(s)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
