package route

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
)

// Head is what stands in front of an object in entity or package mode: header fields as in HTTP (RFC 9223, section 4.2)
// or MIME.
type Head struct {
	Len      int    // bytes, with the empty line behind it
	Location string // Content-Location; empty: absent
	Type     string // Content-Type
	Encoding string // Content-Encoding
	Length   *uint64
	Chunked  bool // Transfer-Encoding: chunked
	MD5      []byte
	SHA256   []byte
}

// MaxHead bounds a Head in bytes.
const MaxHead = 32 << 10

// The errors of ParseHead.
var (
	ErrShortHead = errors.New("route: the head goes on")
	errHead      = errors.New("route: no header fields")
)

// ParseHead reads the header fields at the start of b, behind a status line of HTTP if there is one. The error is
// ErrShortHead if b is their beginning.
func ParseHead(b []byte) (*Head, error) {
	h := &Head{}
	var field []byte // with what is folded
	for at := 0; ; {
		end := bytes.IndexByte(b[at:], '\n')
		if end < 0 {
			if len(b) >= MaxHead { // the end of this line would be beyond
				return nil, errHead
			}
			return nil, ErrShortHead
		}
		line := strings.TrimRight(string(b[at:at+end]), "\r")
		if at += end + 1; at > MaxHead {
			return nil, errHead
		}
		switch {
		case line != "" && (line[0] == ' ' || line[0] == '\t'): // folded; take refuses what is folded onto nothing
			field = append(append(field, ' '), strings.TrimSpace(line)...)
			continue
		case at == end+1 && strings.HasPrefix(line, "HTTP/"):
			continue
		}
		if len(field) > 0 && !h.take(string(field)) {
			return nil, errHead
		}
		if field = append(field[:0], line...); line == "" {
			h.Len = at
			return h, nil
		}
	}
}

// take reads one header field.
func (h *Head) take(field string) bool {
	name, value, ok := strings.Cut(field, ":")
	if !ok || name == "" || strings.ContainsAny(name, " \t") {
		return false
	}
	value = strings.TrimSpace(value)
	switch strings.ToLower(name) {
	case "content-location":
		h.Location = value
	case "content-type":
		h.Type = value
	case "content-encoding":
		h.Encoding = strings.ToLower(value)
	case "content-length":
		if n, err := strconv.ParseUint(value, 10, 63); err == nil {
			h.Length = &n
		}
	case "transfer-encoding":
		h.Chunked = strings.EqualFold(value, "chunked")
	case "content-md5":
		if d, err := base64.StdEncoding.DecodeString(value); err == nil && len(d) == 16 {
			h.MD5 = d
		}
	case "content-digest", "digest":
		h.SHA256 = sha256Of(value)
	}
	return true
}

// sha256Of returns the SHA-256 in a Content-Digest (RFC 9530), or in the Digest before it; nil if there is none.
func sha256Of(value string) []byte {
	for item := range strings.SplitSeq(value, ",") {
		name, text, _ := strings.Cut(strings.TrimSpace(item), "=")
		if !strings.EqualFold(name, "sha-256") {
			continue
		}
		text = strings.Trim(text, ":")
		if d, err := base64.StdEncoding.DecodeString(text); err == nil && len(d) == 32 {
			return d
		}
		if d, err := hex.DecodeString(text); err == nil && len(d) == 32 {
			return d
		}
	}
	return nil
}
