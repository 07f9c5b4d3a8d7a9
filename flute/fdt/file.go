package fdt

import (
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

// File is one file description entry. In a parsed Instance it holds the values that apply: its own, and the
// FDT-Instance's where it has none.
type File struct {
	TOI             flute.TOI // never 0
	ContentLocation string    // URI that names the file; opaque: two strings are two files

	ContentLength   *uint64 // bytes of the file before content encoding; nil: unknown
	TransferLength  *uint64 // bytes of the object as transported; nil: unknown. Without content encoding: ContentLength
	ContentType     string
	ContentEncoding flute.ContentEncoding

	MD5        []byte // Content-MD5, 16 bytes; nil: none
	SHA256     []byte // DVB Content-Digest sha-256 of the transported object, 32 bytes; nil: none
	SHA512     []byte // DVB Content-Digest sha-512 of the transported object, 64 bytes; nil: none
	ReprDigest string // DVB Repr-Digest as written: of the whole media object, of which the file may be a part

	// OTI is the FEC Object Transmission Information, if the FDT Instance tells all of it, the transfer length
	// included: HasOTI. It is not validated. Incomplete FEC-OTI attributes are kept in Attributes.
	OTI    fec.OTI
	HasOTI bool

	Groups []string // 3GPP: files that belong together; those of the FDT-Instance first

	CacheControl             *CacheControl        // 3GPP; nil: none
	ETag                     string               // 3GPP File-ETag
	AlternateLocations1      []AlternateLocations // 3GPP: byte-range repair servers
	AlternateLocations2      []AlternateLocations // 3GPP: to be tried after those of AlternateLocations1
	DecryptionKeyURI         string               // 3GPP: Content-Location of the key message
	SessionIdentities        []uint8              // 3GPP: MBMS-Session-Identity
	FECRedundancyLevel       *uint32              // 3GPP: repair symbols in percent of source symbols; nil: unknown
	RepairStart              time.Time            // 3GPP Release 19: repair may begin then; zero: not told
	RepairLimit              *uint32              // 3GPP Release 19 Repair-Limit-Percentage; nil: not told
	IndependentUnitPositions []uint64             // 3GPP: byte offsets of random access points

	Attributes []Attribute // not understood
	Elements   []Element   // not understood
}

// CacheControl is the caching directive of TS 26.346, section 7.2.13. One of its fields is set.
type CacheControl struct {
	NoCache  bool
	MaxStale bool
	Expires  time.Time // whole seconds
}

// String returns the directive in the words of HTTP, with the time as RFC 3339 has it: "no-cache", "max-stale" or
// "expires=2026-11-30T12:00:00Z"; empty: there is none.
func (c *CacheControl) String() string {
	switch {
	case c == nil:
		return ""
	case c.NoCache:
		return "no-cache"
	case c.MaxStale:
		return "max-stale"
	}
	return "expires=" + c.Expires.UTC().Format(time.RFC3339)
}

// AlternateLocations is an Alternate-Content-Location-1 or -2 of TS 26.346, section 7.2.10.
type AlternateLocations struct {
	URIs           []string
	AvailableUntil time.Time // Availability-Time; zero: not limited
}

// OTIAttributes are the FEC-OTI attributes of one element, as text; empty: absent (RFC 6726, section 5).
type OTIAttributes struct {
	EncodingID           string // FEC-OTI-FEC-Encoding-ID
	InstanceID           string // FEC-OTI-FEC-Instance-ID
	MaxSourceBlockLength string // FEC-OTI-Maximum-Source-Block-Length
	SymbolLength         string // FEC-OTI-Encoding-Symbol-Length
	MaxEncodingSymbols   string // FEC-OTI-Max-Number-of-Encoding-Symbols
	SchemeSpecificInfo   string // FEC-OTI-Scheme-Specific-Info, base64
}
