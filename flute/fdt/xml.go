package fdt

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// prefixOf returns the usual prefix of a namespace, empty if there is none.
func prefixOf(space string) string {
	switch space {
	case nsMBMS2005:
		return "mbms2005"
	case nsMBMS2007:
		return "mbms2007"
	case nsMBMS2008:
		return "mbms2008"
	case nsMBMS2009:
		return "mbms2009"
	case nsMBMS2012:
		return "mbms2012"
	case nsMBMS2015:
		return "mbms2015"
	case nsMBMS2025:
		return "mbms2025"
	case nsSV:
		return "sv"
	case nsDVB:
		return "dvb"
	case nsXSI:
		return "xsi"
	case nsXML:
		return "xml"
	}
	return ""
}

// output is XML in the making. Elements of the main namespace have no prefix; the prefixes of others are handed out as
// they are used, and declared on the root element, which is therefore written last.
type output struct {
	b        []byte
	main     string            // namespace of the elements without a prefix
	prefixes map[string]string // by namespace
	others   int               // prefixes handed out that are not the usual ones
	local    bool              // elements of the main namespace declare these themselves
	written  []Attribute       // names of the attributes of the current element
	err      error
}

// name appends a qualified name. For attributes, the main namespace is the empty one.
func (o *output) name(space, main, local string) {
	if space != main {
		prefix, ok := o.prefixes[space]
		if !ok {
			if prefix = prefixOf(space); prefix == "" {
				o.others++
				prefix = fmt.Sprintf("ns%d", o.others)
			}
			o.prefixes[space] = prefix
		}
		o.b = append(append(o.b, prefix...), ':')
	}
	o.b = append(o.b, local...)
}

// open begins a start tag.
func (o *output) open(space, local string) {
	o.written = o.written[:0]
	o.b = append(o.b, '<')
	o.name(space, o.main, local)
}

// attr adds an attribute to the start tag.
func (o *output) attr(space, local, value string) {
	o.written = append(o.written, Attribute{Space: space, Local: local})
	if o.local && len(value) > defaultAttributeLen {
		o.fail("attribute %s has %d bytes, more than the %d that receivers take", local, len(value),
			defaultAttributeLen)
	}
	o.b = append(o.b, ' ')
	o.name(space, "", local)
	o.b = append(o.b, '=', '"')
	o.escape(value)
	o.b = append(o.b, '"')
}

// attrs adds attributes that are not understood, except those whose names are taken.
func (o *output) attrs(as []Attribute) {
	for _, a := range as {
		if !slices.Contains(o.written, Attribute{Space: a.Space, Local: a.Local}) {
			o.attr(a.Space, a.Local, a.Value)
		}
	}
}

// declareOthers adds the declarations of the prefixes that are not the usual ones to the start tag, if it is to have
// them.
func (o *output) declareOthers() {
	if !o.local || o.others == 0 {
		return
	}
	for _, space := range o.spaces() {
		if prefixOf(space) == "" {
			o.declare(space)
		}
	}
}

// opened ends a start tag.
func (o *output) opened() { o.b = append(o.b, '>') }

// empty ends the start tag of an element without content.
func (o *output) empty() { o.b = append(o.b, '/', '>') }

// end writes an end tag.
func (o *output) end(space, local string) {
	o.b = append(o.b, '<', '/')
	o.name(space, o.main, local)
	o.b = append(o.b, '>')
}

// element writes an element with a text in it.
func (o *output) element(space, local, value string) {
	o.open(space, local)
	o.opened()
	o.escape(value)
	o.end(space, local)
}

// escape appends s as text or attribute value. What XML cannot say is an error, white space that parsers would change
// becomes a reference.
func (o *output) escape(s string) {
	if !utf8.ValidString(s) {
		o.fail("%.40q is not UTF-8", s)
	}
	for _, r := range s {
		switch r {
		case '&':
			o.b = append(o.b, "&amp;"...)
		case '<':
			o.b = append(o.b, "&lt;"...)
		case '>':
			o.b = append(o.b, "&gt;"...)
		case '"':
			o.b = append(o.b, "&quot;"...)
		case '\t', '\n', '\r':
			o.b = fmt.Appendf(o.b, "&#%d;", r)
		default:
			// XML 1.0, section 2.2: Char
			if r < 0x20 || r == 0xFFFE || r == 0xFFFF {
				o.fail("%.40q contains characters that XML cannot hold", s)
			}
			o.b = utf8.AppendRune(o.b, r)
		}
	}
}

// fail records the first error.
func (o *output) fail(format string, args ...any) {
	if o.err == nil {
		o.err = fmt.Errorf("%w: "+format, append([]any{ErrNotWritable}, args...)...)
	}
}

// declarations adds the declarations of all prefixes that are in use to the start tag, in the order of their names.
func (o *output) declarations() {
	o.b = append(o.b, ` xmlns="`...)
	o.escape(o.main)
	o.b = append(o.b, '"')
	for _, space := range o.spaces() {
		if space != nsXML { // bound by definition
			o.declare(space)
		}
	}
}

// spaces returns the namespaces with a prefix, in the order of these.
func (o *output) spaces() []string {
	return slices.SortedFunc(maps.Keys(o.prefixes), func(a, b string) int {
		return strings.Compare(o.prefixes[a], o.prefixes[b])
	})
}

// declare declares the prefix of space.
func (o *output) declare(space string) {
	o.b = append(append(append(o.b, " xmlns:"...), o.prefixes[space]...), '=', '"')
	o.escape(space)
	o.b = append(o.b, '"')
}
