package content

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/flute-node/flute-node/flute"
)

// Announced is what a sender announced of a file, as plain data.
type Announced struct {
	Location       string // Content-Location
	ContentLength  *uint64
	TransferLength *uint64
	Encoding       flute.ContentEncoding
	Head           uint64 // of ROUTE: bytes of the object in front of the file
	Chunked        bool   // of ROUTE: the file is in the chunked transfer coding of HTTP

	MD5, SHA256, SHA512 []byte // nil: not announced
}

// errDigest reports bytes that are not what the sender announced.
var errDigest = errors.New("receiver: content does not match its announcement")

// Strongest returns the digest to check: one tells whether the content is right, and MD5 costs twice as much as
// SHA-256, and tells less. 0: none was announced.
func (a *Announced) Strongest() Algorithms {
	switch {
	case len(a.SHA512) > 0:
		return SHA512
	case len(a.SHA256) > 0:
		return SHA256
	case len(a.MD5) > 0:
		return MD5
	}
	return 0
}

// verify compares what was received with what was announced, and returns the digests that agree. Those that were not
// computed are not looked at. transferred is of the
// object as it was transferred, of end bytes, file of the decoded file, of size bytes. Whether a digest covers the file
// or the encoded object differs between RFC 2616, RFC 6726 and 3GPP, so either is accepted.
func (a *Announced) verify(transferred, file *Digest, end, size uint64) (verified []string, err error) {
	if a.ContentLength != nil && *a.ContentLength != size {
		return nil, fmt.Errorf("%w: Content-Length is %d, the file has %d bytes", errDigest, *a.ContentLength, size)
	}
	for _, d := range []struct {
		name string
		of   Algorithms
		want []byte
	}{{"md5", MD5, a.MD5}, {"sha-256", SHA256, a.SHA256}, {"sha-512", SHA512, a.SHA512}} {
		if len(d.want) == 0 || !transferred.Covers(d.of) {
			continue
		}
		if !bytes.Equal(d.want, transferred.Sum(d.of)) && !bytes.Equal(d.want, file.Sum(d.of)) {
			return verified, fmt.Errorf("%w: %s differs", errDigest, strings.ToUpper(d.name))
		}
		verified = append(verified, d.name)
	}
	// EXT_FTI has priority over the FDT (RFC 6726, section 5), but not without a proof.
	if len(verified) == 0 && a.TransferLength != nil && *a.TransferLength != end {
		return nil, fmt.Errorf("%w: Transfer-Length is %d, EXT_FTI says %d bytes", errDigest, *a.TransferLength, end)
	}
	return verified, nil
}
