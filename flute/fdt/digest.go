package fdt

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"strings"
)

// decodeBase64 reads xs:base64Binary, which may contain white space; a missing padding is tolerated.
func decodeBase64(s string) ([]byte, error) {
	s = strings.Join(strings.Fields(s), "")
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
}

func encodeBase64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// parseMD5 reads a Content-MD5 (RFC 2616, section 14.15); nil for an empty one.
func parseMD5(s string) ([]byte, error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	b, err := decodeBase64(s)
	if err != nil || len(b) != md5.Size {
		return nil, fmt.Errorf("Content-MD5 %.40q is not base64 of 16 bytes", s)
	}
	return b, nil
}

// digests are the values of a Content-Digest or Repr-Digest.
type digests struct{ sha256, sha512 []byte }

// parseDigests reads digests of the form alg=:base64:, alg=:base64: (RFC 9530, section 2). Algorithms that are not
// known are skipped.
func parseDigests(f field, s string) (digests, error) {
	var d digests
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
		inner, opened := strings.CutPrefix(value, ":")
		inner, closed := strings.CutSuffix(inner, ":")
		b, err := decodeBase64(inner)
		if !opened || !closed || err != nil || len(b) != size {
			return digests{}, fmt.Errorf("%v %.40q has no base64 of %d bytes between colons for %s", f, s, size, alg)
		}
		*to = b
	}
	return d, nil
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
