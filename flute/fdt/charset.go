package fdt

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// charset is a character encoding that a document may have. RFC 6726, section 3.4.2, wants UTF-8; senders differ.
type charset uint8

const (
	utf8Charset charset = iota // and its subset US-ASCII
	latin1
	latin9
	windows1252
	otherCharset // taken if the document has ASCII characters only, which almost all charsets encode alike
)

// charsetOf returns the charset with the given label (IANA character sets), in any case. UTF-16 is told by the bytes of
// the document, not by the label: one that could be read up to here is not in UTF-16, whatever the program that wrote
// it says.
func charsetOf(label string) charset {
	switch strings.ToLower(strings.TrimSpace(label)) {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "ansi_x3.4-1968", "iso646-us",
		"utf-16", "utf16", "utf-16le", "utf-16be":
		return utf8Charset
	case "iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "latin-1", "l1":
		return latin1
	case "iso-8859-15", "iso8859-15", "iso_8859-15", "latin9", "latin-9":
		return latin9
	case "windows-1252", "cp1252", "cp-1252":
		return windows1252
	}
	return otherCharset
}

// upper1252 is what windows-1252 has at 0x80 to 0x9f; 0: nothing, the control character stays.
var upper1252 = [32]rune{
	0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017d, 0,
	0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e,
	0x0178,
}

// char returns the character that the byte b stands for in a charset of one byte for each.
func (c charset) char(b byte) rune {
	switch {
	case c == windows1252 && 0x80 <= b && b <= 0x9f && upper1252[b-0x80] != 0:
		return upper1252[b-0x80]
	case c == latin9:
		switch b {
		case 0xa4:
			return '€'
		case 0xa6:
			return 'Š'
		case 0xa8:
			return 'š'
		case 0xb4:
			return 'Ž'
		case 0xb8:
			return 'ž'
		case 0xbc:
			return 'Œ'
		case 0xbd:
			return 'œ'
		case 0xbe:
			return 'Ÿ'
		}
	}
	return rune(b)
}

// readable returns the document in UTF-8, of at most limit bytes, without what may stand around it: a byte order mark,
// the XML declaration, blanks, and the NULs with which programs in C end a string. It may be a part of b.
func readable(b []byte, limit int) ([]byte, error) {
	if len(b) > limit {
		return nil, fmt.Errorf("%w: %d bytes, the limit is %d", errLimit, len(b), limit)
	}
	b, err := fromUTF16(b, limit)
	if err != nil {
		return nil, err
	}
	b = bytes.Trim(bytes.TrimPrefix(b, []byte("\uFEFF")), "\x00 \t\r\n")
	label, b, err := cutDeclaration(b)
	if err != nil {
		return nil, err
	}
	c := charsetOf(label)
	if c != utf8Charset && c != otherCharset {
		return c.toUTF8(b, limit)
	}
	// encoding/xml does not look into comments.
	if !utf8.Valid(b) || c == otherCharset && bytes.ContainsFunc(b, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return nil, fmt.Errorf("%w: not in the charset UTF-8, %.40q is declared", errMalformed, label)
	}
	return b, nil
}

// toUTF8 rewrites b from a charset of one byte for each character.
func (c charset) toUTF8(b []byte, limit int) ([]byte, error) {
	out := make([]byte, 0, len(b))
	for _, x := range b {
		if out = utf8.AppendRune(out, c.char(x)); len(out) > limit {
			return nil, fmt.Errorf("%w: more than %d bytes in UTF-8", errLimit, limit)
		}
	}
	return out, nil
}

// fromUTF16 rewrites b if it is in UTF-16, with a byte order mark or without (XML 1.0, appendix F).
func fromUTF16(b []byte, limit int) ([]byte, error) {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}), bytes.HasPrefix(b, []byte{'<', 0}):
		order = binary.LittleEndian
	case bytes.HasPrefix(b, []byte{0xfe, 0xff}), bytes.HasPrefix(b, []byte{0, '<'}):
		order = binary.BigEndian
	default:
		return b, nil
	}
	if len(b)%2 == 1 && b[len(b)-1] == 0 { // the end of a string of bytes
		b = b[:len(b)-1]
	}
	out := make([]byte, 0, len(b)/2)
	for len(b) > 1 {
		r := rune(order.Uint16(b))
		b = b[2:]
		if utf16.IsSurrogate(r) {
			if len(b) < 2 {
				break
			}
			if r = utf16.DecodeRune(r, rune(order.Uint16(b))); r == utf8.RuneError {
				return nil, fmt.Errorf("%w: not UTF-16", errMalformed)
			}
			b = b[2:]
		}
		if out = utf8.AppendRune(out, r); len(out) > limit {
			return nil, fmt.Errorf("%w: more than %d bytes in UTF-8", errLimit, limit)
		}
	}
	if len(b) > 0 {
		return nil, fmt.Errorf("%w: ends inside a character of UTF-16", errMalformed)
	}
	return out, nil
}

// cutDeclaration cuts off the XML declaration (XML 1.0, section 2.8), and returns the charset that it names. Any
// version 1.x will do, as that section says.
func cutDeclaration(b []byte) (label string, rest []byte, err error) {
	const opening = "<?xml"
	if len(b) <= len(opening) || !bytes.HasPrefix(b, []byte(opening)) ||
		!strings.ContainsRune(" \t\r\n?", rune(b[len(opening)])) {
		return "", b, nil
	}
	inner, rest, ok := bytes.Cut(b[len(opening):], []byte("?>"))
	if !ok {
		return "", nil, fmt.Errorf("%w: the XML declaration does not end", errMalformed)
	}
	for s := strings.TrimSpace(string(inner)); s != ""; s = strings.TrimSpace(s) {
		var name, value string
		if name, s, ok = strings.Cut(s, "="); ok {
			value, s, ok = cutQuoted(strings.TrimSpace(s))
		}
		name = strings.TrimSpace(name)
		if !ok || name == "version" && !strings.HasPrefix(value, "1.") {
			return "", nil, fmt.Errorf("%w: XML declaration %.80q", errMalformed, inner)
		}
		if name == "encoding" {
			label = value
		}
	}
	return label, rest, nil
}

// cutQuoted cuts a value in quotes or apostrophes off s.
func cutQuoted(s string) (value, rest string, ok bool) {
	if s == "" || s[0] != '"' && s[0] != '\'' {
		return "", "", false
	}
	return strings.Cut(s[1:], s[:1])
}
