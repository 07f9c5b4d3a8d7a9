package fdt

import (
	"slices"
	"strings"
)

// Many documents have nothing in their root element but File entries without content, whose attributes need no
// resolving: those of this project in the profiles of the RFCs, and of GPAC; tens of thousands of entries, where a
// sender has many small files. Those are read as they stand, without a tree. Whatever is not so plain takes the way of
// all documents, which also decides what is an error. FuzzPlain compares the two.

// plainTag is a File entry without a prefix and without content, in which there is no reference, no declaration of a
// namespace, and nothing but ASCII. Its memory is reused.
type plainTag []plainAttribute

// plainAttribute is an attribute as it is written.
type plainAttribute struct{ prefix, local, value string }

// blanks is the white space of XML.
const blanks = " \t\r\n"

// plain takes the rest of the document b from at on, which is inside of the root element, if it is plain up to its end.
func (c *checker) plain(b []byte, at int) bool {
	if c.depth != 1 || c.lim.Depth < 2 || b[at-2] == '/' {
		return false
	}
	rest, ok := strings.CutSuffix(strings.TrimRight(string(b[at:]), blanks), ">")
	rest, ok2 := strings.CutSuffix(strings.TrimRight(rest, blanks), "</"+c.rootName)
	if !ok || !ok2 {
		return false
	}
	var f plainTag
	var children []span
	for all := rest; ; {
		rest = strings.TrimLeft(rest, blanks)
		if rest == "" {
			c.children, c.files, c.isPlain, c.layout.plain = children, len(children), true, all
			return true
		}
		n := f.read(rest)
		if n == 0 || !f.within(c.lim) || len(children) == c.lim.Files {
			return false
		}
		start := len(all) - len(rest)
		children = append(children, span{start, start + n})
		rest = rest[n:]
	}
}

// read reads the entry at the start of s, and returns its length; 0: there is none that is plain.
func (f *plainTag) read(s string) int {
	*f = (*f)[:0]
	rest, ok := strings.CutPrefix(s, "<"+elementFile)
	for ok {
		next := strings.TrimLeft(rest, blanks)
		if strings.HasPrefix(next, "/>") {
			return len(s) - len(next) + len("/>")
		}
		if len(next) == len(rest) {
			return 0
		}
		var a plainAttribute
		a, rest, ok = cutPlain(next)
		*f = append(*f, a)
	}
	return 0
}

// cutPlain returns the attribute at the start of s, and what follows it.
func cutPlain(s string) (a plainAttribute, rest string, ok bool) {
	n := plainName(s)
	a.local, rest = s[:n], s[n:]
	if strings.HasPrefix(rest, ":") {
		if n == 0 {
			return a, rest, false
		}
		n = plainName(rest[1:])
		a.prefix, a.local, rest = a.local, rest[1:1+n], rest[1+n:]
	}
	rest, ok = strings.CutPrefix(rest, `="`)
	if !ok || a.local == "" || a.prefix == "xmlns" || a.local == "xmlns" {
		return a, rest, false
	}
	for n = 0; n < len(rest) && rest[n] != '"'; n++ {
		if c := rest[n]; c < ' ' || c > '~' || c == '<' || c == '&' {
			return a, rest, false
		}
	}
	if n == len(rest) {
		return a, rest, false
	}
	a.value = rest[:n]
	return a, rest[n+1:], true
}

// plainName returns the length of the name at the start of s: of one part, in ASCII; 0: there is none.
func plainName(s string) int {
	for i := range len(s) {
		c := s[i]
		isLetter := 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_'
		if !isLetter && (i == 0 || (c < '0' || c > '9') && c != '-' && c != '.') {
			return i
		}
	}
	return len(s)
}

// within reports whether f keeps the limits, and has no two attributes that may have one name. Their number comes
// first: a sender may write hundreds of thousands of them, and each is compared with all before it.
func (f *plainTag) within(lim Limits) bool {
	if len(*f) > lim.Attributes {
		return false
	}
	for i, a := range *f {
		if len(a.value) > lim.AttributeLen || slices.ContainsFunc((*f)[:i], func(o plainAttribute) bool {
			return o.local == a.local
		}) {
			return false
		}
	}
	return true
}

// addPlain reads the plain File entry s. What is kept are copies of its parts: each File may live for long, beside
// others that do not.
func (p *parser) addPlain(s string) {
	p.plain.read(s)
	var a attributes
	for _, x := range p.plain {
		space := "" // unlike elements, attributes do not take the default one
		if x.prefix != "" {
			space = p.scope.top(x.prefix)
		}
		a.set(space, x.local, x.value, onFile)
	}
	for _, x := range [...]field{
		fieldContentLocation, fieldContentType, fieldETag, fieldReprDigest, fieldDecryptionKeyURI,
	} {
		v := &a.values[x]
		if last := &p.last[x]; v.text != *last {
			*last = strings.Clone(v.text)
		}
		v.text = p.last[x]
	}
	for i := range a.rest {
		r := &a.rest[i]
		r.Space, r.Local, r.Value = strings.Clone(r.Space), strings.Clone(r.Local), strings.Clone(r.Value)
	}
	p.add(&a, nil)
}
