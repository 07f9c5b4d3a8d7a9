package flute

import (
	"fmt"
	"strings"
)

// ContentEncoding is a content encoding algorithm as EXT_CENC numbers it (RFC 6726, section 3.4.3).
type ContentEncoding uint8

// The content encodings of RFC 6726, section 3.4.3.
const (
	Null    ContentEncoding = 0
	ZLIB    ContentEncoding = 1 // RFC 1950
	DEFLATE ContentEncoding = 2 // RFC 1951, raw
	GZIP    ContentEncoding = 3 // RFC 1952
)

var contentEncodings = [...]string{Null: "null", ZLIB: "zlib", DEFLATE: "deflate", GZIP: "gzip"}

// String returns the name used in the Content-Encoding attribute of an FDT Instance; "null" for Null.
func (c ContentEncoding) String() string {
	if int(c) < len(contentEncodings) {
		return contentEncodings[c]
	}
	return fmt.Sprintf("cenc(%d)", uint8(c))
}

// ParseContentEncoding reads a Content-Encoding attribute, in any case; "", "null" and "identity" are Null.
func ParseContentEncoding(s string) (ContentEncoding, error) {
	switch s = strings.ToLower(s); s {
	case "", "identity":
		return Null, nil
	case "x-gzip": // RFC 2616, section 3.5: equivalent to gzip
		return GZIP, nil
	}
	for c, name := range contentEncodings {
		if s == name {
			return ContentEncoding(c), nil
		}
	}
	return Null, fmt.Errorf("flute: content encoding %.40q is not supported", s)
}
