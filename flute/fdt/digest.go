package fdt

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
)

// decodeBase64 reads xs:base64Binary, which may contain white space; a missing padding is tolerated, and so is the
// alphabet for URLs (RFC 4648, section 5).
func decodeBase64(s string) ([]byte, error) {
	if strings.ContainsFunc(s, unicode.IsSpace) {
		s = strings.Join(strings.Fields(s), "")
	}
	s = strings.TrimRight(s, "=")
	if strings.ContainsAny(s, "-_") {
		return base64.RawURLEncoding.DecodeString(s)
	}
	return base64.RawStdEncoding.DecodeString(s)
}

// decodeDigest reads a digest of size bytes in base64, or in hexadecimal, as the common tools print it. Both have
// different lengths.
func decodeDigest(s string, size int) (b []byte, ok bool) {
	if s = strings.TrimSpace(s); len(s) == 2*size {
		b, err := hex.DecodeString(s)
		return b, err == nil
	}
	b, err := decodeBase64(s)
	return b, err == nil && len(b) == size
}

func encodeBase64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// parseMD5 reads a Content-MD5 (RFC 2616, section 14.15); nil for an empty one.
func parseMD5(s string) ([]byte, error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	b, ok := decodeDigest(s, md5.Size)
	if !ok {
		return nil, fmt.Errorf("Content-MD5 %.40q is not base64 of 16 bytes", s)
	}
	return b, nil
}

// digests are the values of a Content-Digest or Repr-Digest.
type digests struct{ sha256, sha512 []byte }

// parseDigests reads digests of the form alg=:base64:, alg=:base64: (RFC 9530, section 2), or without the colons (RFC
// 3230, section 4.3.2). Algorithms that are not known are skipped. Beside an error are the digests that can be read.
func parseDigests(f field, s string) (digests, error) {
	var d digests
	var failed error
	for item := range strings.SplitSeq(s, ",") {
		alg, value, _ := strings.Cut(strings.TrimSpace(item), "=")
		var to *[]byte
		var size int
		switch strings.ToLower(alg) {
		case "sha-256":
			to, size = &d.sha256, sha256.Size
		case "sha-512":
			to, size = &d.sha512, sha512.Size
		default:
			continue
		}
		if b, ok := decodeDigest(strings.Trim(value, ": \t"), size); ok {
			*to = b
		} else {
			failed = fmt.Errorf("%v %.40q has no base64 of %d bytes between colons for %.7s", f, s, size, alg)
		}
	}
	return d, failed
}

// String returns the value of the attribute, empty without digests.
func (d digests) String() string {
	var s []string
	if len(d.sha256) > 0 {
		s = append(s, "sha-256=:"+encodeBase64(d.sha256)+":")
	}
	if len(d.sha512) > 0 {
		s = append(s, "sha-512=:"+encodeBase64(d.sha512)+":")
	}
	return strings.Join(s, ", ")
}
