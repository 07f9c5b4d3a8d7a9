package sender

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/internal/content"
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
	// CENCIfSmaller applies CENC only where it makes the file smaller.
	CENCIfSmaller bool
	// Digests chooses what is computed and the FDT announces; zero: MD5 and SHA-256, DigestLater from 16 MiB on.
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
	// Redundancy overrides Config.Redundancy; zero: the session's; negative: none.
	Redundancy float64
	// Order overrides Config.Order; zero: the session's.
	Order Order
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
	// Within spreads the packets of each transfer evenly over this time, those of repair symbols included. If they
	// cannot be sent so fast, event.Late tells by how much. Zero: as fast as the caller asks for packets.
	Within time.Duration
	// By is the same for a file that is sent once, as the time of the end; zero: none.
	By time.Time
	// ETag, CacheControl and Groups are passed on in the FDT (TS 26.346, section 7.2.10).
	ETag         string
	CacheControl *fdt.CacheControl
	Groups       []string
	// Attributes and Elements are written into the File entry as they are: what the application itself has to say, each
	// in a namespace that is not that of the FDT, or an attribute in none. Session.Add checks them.
	Attributes []fdt.Attribute
	Elements   []fdt.Element
	// AutoETag derives ETag from the digests or, without digests, from the version of Source.
	AutoETag bool
	// Owned has Content and the Scratch closed, where they are an io.Closer, once the object has ended, in whichever
	// way, or cannot be prepared or added; a Scratch already when the content encoding was given up, see CENCIfSmaller.
	// Such an Object may be added to one session only.
	Owned bool
}

// ownGroups returns the groups of f that are not those of all files.
func (f *File) ownGroups(cfg *Config) []string {
	return slices.DeleteFunc(slices.Clone(f.Groups), func(g string) bool { return slices.Contains(cfg.FDTGroups, g) })
}

// isEncoded reports whether a content encoding may be applied.
func (f *File) isEncoded() bool { return f.CENC != flute.Null }

// defaultContentType is announced for files without a ContentType: "The attribute Content-Type SHOULD be included"
// (RFC 6726, section 3.4.2).
const defaultContentType = "application/octet-stream"

// Object is a File that was prepared by Prepare. It is immutable; one Object may be added to several sessions.
type Object struct {
	file           File
	cenc           flute.ContentEncoding // that was asked for
	source         io.ReaderAt           // the bytes on the wire; nil: those of file.Source
	version        Version               // of file.Source
	scratch        Scratch               // that was given to Prepare
	owned          bool                  // scratch is the session's
	transferLength uint64
	later          content.Algorithms // digests that are to be computed while it is sent
	holder         *holder            // who closes what it owns; copies share it
	blank          bool               // it is a StandIn

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

// setDigests makes those that d has computed the digests of o. None is to come later.
func (o *Object) setDigests(d digester) {
	o.later, o.md5, o.sha256 = 0, d.md5.Sum(content.MD5), d.sha256.Sum(content.SHA256)
	o.transferSHA256 = o.sha256
}

// etag returns the entity tag that is announced; empty: none.
func (o *Object) etag() string {
	switch {
	case !o.file.AutoETag:
		return o.file.ETag
	case o.later != 0:
		return "" // it comes with the digests
	case o.sha256 != nil:
		return etagOf(o.sha256)
	case o.md5 != nil:
		return etagOf(o.md5)
	}
	v := sha256.Sum256(fmt.Appendf(nil, "%d %s %s", o.file.Size, o.version.Tag, o.file.ContentLocation))
	return etagOf(v[:])
}

// etagOf returns an entity tag (RFC 9110, section 8.8.3) of the first 128 bits of a digest.
func etagOf(digest []byte) string { return `"` + hex.EncodeToString(digest[:16]) + `"` }
