package sender

import (
	"io"

	"github.com/flute-node/flute-node/flute/internal/content"
)

// Digests is a set of digests of a file.
type Digests uint8

// The digests. MD5 is what every receiver can check (Content-MD5); SHA-256 is the one that is worth something against
// more than accidents. NoDigest saves their time where speed is all.
//
// DigestLater has the file sent before its digests are known: a later FDT Instance adds them, before the last source
// block of the file is sent (RFC 6726, section 3.3, allows to augment a description). Alone it means both digests. It
// is void for a file with a content encoding, which is read before anyway.
const (
	DigestMD5 Digests = 1 << iota
	DigestSHA256
	NoDigest
	DigestLater
)

// laterSize is the length from which on the digests of a file come later, unless File.Digests says otherwise: below,
// they take some 30 ms.
const laterSize = 16 << 20

// of returns the digests of f, of size bytes, where d is what was asked for: the defaults are filled in.
func (d Digests) of(f *File, size uint64) Digests {
	switch {
	case d&NoDigest != 0:
		return NoDigest
	case d == 0 && size >= laterSize:
		d = DigestLater
	}
	if d&^DigestLater == 0 {
		d |= DigestMD5 | DigestSHA256
	}
	if f.isEncoded() || size == 0 {
		d &^= DigestLater
	}
	return d
}

// algorithms returns the digests that d asks for.
func (d Digests) algorithms() (wanted content.Algorithms) {
	if d&DigestMD5 != 0 {
		wanted |= content.MD5
	}
	if d&DigestSHA256 != 0 {
		wanted |= content.SHA256
	}
	return wanted
}

// digester computes the digests of one content, each in a consumer of its own, so that goroutines share the work.
type digester struct{ md5, sha256 *content.Digest }

func newDigester(wanted content.Algorithms) digester {
	return digester{content.NewDigest(wanted & content.MD5), content.NewDigest(wanted & content.SHA256)}
}

// consumers returns what the content is to be written to: one for each digest that is wanted.
func (d *digester) consumers() (all []io.Writer) {
	if d.md5.Covers(content.MD5) {
		all = append(all, d.md5)
	}
	if d.sha256.Covers(content.SHA256) {
		all = append(all, d.sha256)
	}
	return all
}

// wholeMD5 is the MD5 of content that comes in one step.
type wholeMD5 struct {
	of  func(content []byte) [16]byte
	sum [16]byte
}

// Write takes the content. It implements io.Writer and never fails.
func (w *wholeMD5) Write(content []byte) (int, error) {
	w.sum = w.of(content)
	return len(content), nil
}
