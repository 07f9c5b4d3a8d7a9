package lct

import (
	"fmt"
)

// Header Extension Types that this module knows.
const (
	HETNOP  uint8 = 0   // EXT_NOP, RFC 5651, section 5.2.1
	HETAuth uint8 = 1   // EXT_AUTH, RFC 5651, section 5.2.1
	HETTime uint8 = 2   // EXT_TIME, RFC 5651, section 5.2.2
	HETFTI  uint8 = 64  // EXT_FTI, RFC 5775, section 4.2
	HETFDT  uint8 = 192 // EXT_FDT, RFC 6726, section 3.4.1
	HETCENC uint8 = 193 // EXT_CENC, RFC 6726, section 3.4.3
)

// firstFixed is the least HET without HEL. RFC 5651, section 5.2.1, says once "from 127 to 255"; its figure and the
// definitions of HET and HEL say 128.
const firstFixed = 128

// maxContent is the most content that an extension holds, in bytes: HEL counts 32-bit words in 8 bits.
const maxContent = 255*word - 2

// Extensions is the part of an LCT header behind its fields: a sequence of header extensions (RFC 5651, section 5.2).
type Extensions []byte

// Extension is one header extension, known or not.
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|  HET (<=127)  |       HEL     |                               |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+                               +
//	.              Header Extension Content (HEC)                   .
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|  HET (>=128)  |       Header Extension Content (HEC)          |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
type Extension struct {
	Type uint8  // HET
	Raw  []byte // the whole extension with HET and HEL; a view
}

// Content returns the HEC, a view: 3 bytes for HET 128 to 255, otherwise HEL*4-2 bytes.
func (x Extension) Content() []byte {
	if x.Type >= firstFixed {
		return x.Raw[1:]
	}
	return x.Raw[2:]
}

// next returns the length of the first extension; 0 if there is none, or one with an illegal length.
func (e Extensions) next() int {
	if len(e) < word {
		return 0
	}
	if e[0] >= firstFixed {
		return word
	}
	// HEL covers the extension's first word too: 0 would never end.
	n := int(e[1]) * word
	if n > len(e) {
		return 0
	}
	return n
}

// valid reports whether e is a sequence of whole extensions.
func (e Extensions) valid() bool {
	for len(e) > 0 {
		n := e.next()
		if n == 0 {
			return false
		}
		e = e[n:]
	}
	return true
}

// Next returns the first extension and those behind it. It reports false at the end, and at an extension with an
// illegal length, which the Extensions of a parsed Header do not have. It allocates nothing.
func (e Extensions) Next() (x Extension, rest Extensions, ok bool) {
	n := e.next()
	if n == 0 {
		return Extension{}, nil, false
	}
	return Extension{Type: e[0], Raw: e[:n:n]}, e[n:], true
}

// Lookup returns the first extension of type het. It allocates nothing.
func (e Extensions) Lookup(het uint8) (Extension, bool) {
	for {
		x, rest, ok := e.Next()
		if !ok || x.Type == het {
			return x, ok
		}
		e = rest
	}
}

// AppendExtension appends an extension to b, padded with zeros to a multiple of 32 bits. It panics if content is longer
// than the extension can hold: 3 bytes for HET 128 to 255, 1018 for the others.
func AppendExtension(b []byte, het uint8, content []byte) []byte {
	head, limit := 2, maxContent
	if het >= firstFixed {
		head, limit = 1, word-1
	}
	if len(content) > limit {
		panic(fmt.Sprintf("lct: %d bytes do not fit into header extension %d", len(content), het))
	}
	n := (head + len(content) + word - 1) / word * word
	b = append(b, het)
	if head == 2 {
		b = append(b, uint8(n/word))
	}
	b = append(b, content...)
	for range n - head - len(content) {
		b = append(b, 0)
	}
	return b
}
