package sender

import (
	"bytes"
	"encoding/hex"
	"io"
	"slices"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
)

// File is what is to be sent, as the application knows it. Only ContentLocation and, unless the file is empty, Content
// and Size, or Source, are required.
type File struct {
	// ContentLocation is the URI that names the file to receivers (RFC 3986; relative references are allowed).
	ContentLocation string
	// ContentType is a media type; empty: application/octet-stream.
	ContentType string
	// Content is read by Prepare and, unless CENC asks for encoding, again for each transfer. It must not change until
	// the object has ended.
	Content io.ReaderAt
	// Size is the number of bytes of Content that are sent.
	Size uint64
	// Source is in place of Content and Size where the content may change between transfers. A new version of it
	// becomes a new object, described in a new FDT Instance; one that changes during its last transfer fails.
	Source Source
	// CENC is the content encoding applied before the transfer.
	CENC flute.ContentEncoding
	// Digests chooses what Prepare computes and the FDT announces; zero: MD5 and SHA-256.
	Digests Digests
	// TOI is the TOI to use; nil: the session's next one.
	TOI *flute.TOI
	// OTI is the FEC of this file; nil: the session's. Zero fields have the defaults of Config.OTI.
	OTI *fec.OTI
	// Variant is the code used with OTI; it counts only together with OTI.
	Variant fec.Variant
	// Repair overrides Config.Repair; zero: the session's.
	Repair uint32
	// Priority orders the files of a session: those with a lower one are sent first, and others wait meanwhile, also in
	// the middle of a transfer, which goes on where it was.
	Priority int8
	// Interleave overrides Config.Interleave; zero: the session's.
	Interleave int
	// TransferCount overrides Config.TransferCount; zero: the session's; negative: for ever.
	TransferCount int
	// Delay and Interval override those of Config, both or neither; zero: the session's.
	Delay, Interval time.Duration
	// Burst overrides Config.Burst; zero: the session's.
	Burst int
	// StartAt is when the first transfer begins, if it is still to come; zero: at once.
	StartAt time.Time
	// Until overrides Config.Until; zero: the session's.
	Until time.Time
	// ETag, CacheControl and Groups are passed on in the FDT (TS 26.346, section 7.2.10).
	ETag         string
	CacheControl *fdt.CacheControl
	Groups       []string
	// Attributes and Elements are written into the File entry as they are: what the application itself has to say, each
	// in a namespace that is not that of the FDT. Session.Add checks them.
	Attributes []fdt.Attribute
	Elements   []fdt.Element
}

// ownGroups returns the groups of f that are not those of all files.
func (f *File) ownGroups(cfg *Config) []string {
	return slices.DeleteFunc(slices.Clone(f.Groups), func(g string) bool { return slices.Contains(cfg.FDTGroups, g) })
}

// defaultContentType is announced for files without a ContentType: "The attribute Content-Type SHOULD be included"
// (RFC 6726, section 3.4.2).
const defaultContentType = "application/octet-stream"

// Digests is a set of digests of a file.
type Digests uint8

// The digests. MD5 is what every receiver can check (Content-MD5); SHA-256 is the one that is worth something against
// more than accidents. NoDigest saves their time where speed is all.
const (
	DigestMD5 Digests = 1 << iota
	DigestSHA256
	NoDigest
)

// Object is a File that was read once by Prepare. It is immutable; one Object may be added to several sessions.
type Object struct {
	file           File
	source         io.ReaderAt // the bytes on the wire; nil: those of file.Source
	version        Version     // of file.Source
	scratch        Scratch     // that was given to Prepare
	owned          bool        // scratch is the session's
	transferLength uint64

	// The digests; nil when not wanted. Content-MD5 is that of the file, as other senders have it, although RFC 2616
	// defines it over the encoded content; the SHA-256 in the FDT is a Content-Digest (RFC 9530), which is defined over
	// what is transported. Receivers of this project take either.
	md5, sha256    []byte // of the file, before content encoding
	transferSHA256 []byte // of the bytes on the wire
}

// File returns the description that Prepare was given.
func (o *Object) File() File { return o.file }

// TransferLength returns the length in bytes after content encoding.
func (o *Object) TransferLength() uint64 { return o.transferLength }

// sameBytes reports whether o and other are known to be the same bytes on the wire.
func (o *Object) sameBytes(other *Object) bool {
	return o.transferSHA256 != nil && bytes.Equal(o.transferSHA256, other.transferSHA256) &&
		o.transferLength == other.transferLength
}

// digests returns the digests as events carry them.
func (o *Object) digests() map[string]string {
	m := make(map[string]string, 2)
	if o.md5 != nil {
		m["md5"] = hex.EncodeToString(o.md5)
	}
	if o.sha256 != nil {
		m["sha-256"] = hex.EncodeToString(o.sha256)
	}
	return m
}
