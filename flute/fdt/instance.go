package fdt

import (
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/defaults"
)

// Instance is an FDT Instance (RFC 6726, section 3.4.2).
type Instance struct {
	ID        flute.InstanceID // from EXT_FDT, set by the caller: the document does not carry it
	Namespace string           // of the root element as it was read; not written

	Expires  time.Time // required; whole seconds
	Complete bool      // no files will be described beyond those of this and earlier instances
	FullFDT  bool      // 3GPP: exactly the files that are currently scheduled

	// Values for every File that lacks its own. Parse has merged them into the Files already.
	ContentType     string
	ContentEncoding string
	OTI             OTIAttributes
	Groups          []string

	BaseURLs1         []string                // 3GPP: bases of relative AlternateLocations1
	BaseURLs2         []string                // 3GPP: bases of relative AlternateLocations2
	SchemaVersion     uint32                  // 3GPP; 0: none
	SessionIdentities []SessionIdentityExpiry // 3GPP: MBMS-Session-Identity-Expiry

	Files   []File
	Entries []*Entry // written after Files; Parse leaves them empty

	// What Parse found wrong; not written. Each list ends after some, the counts are of all.
	Rejected      []Rejection // File entries that Parse left out
	RejectedCount int
	Warnings      []string // what Parse could not read of Files that it took, and of the FDT-Instance
	WarningCount  int

	Attributes []Attribute // of the root element, not understood
	Elements   []Element   // children of the root element, not understood
}

// The lengths of the lists. An FDT Instance may have 100,000 faults in a datagram that is compressed well.
const (
	maxRejected = 1024
	maxWarnings = 16
)

// Rejection tells why Parse left out a File entry.
type Rejection struct {
	TOI             string // as written, shortened; may be empty
	ContentLocation string // as written, shortened; may be empty
	Reason          string
}

// SessionIdentityExpiry tells until when an MBMS session identity is in use (TS 26.346, section 7.2.10).
type SessionIdentityExpiry struct {
	Identity uint8
	Expires  time.Time
}

// Attribute is an XML attribute that this package does not interpret.
type Attribute struct {
	Space string // namespace URI; empty: none
	Local string
	Value string
}

// Element is an XML element that this package does not interpret.
type Element struct {
	Space string // namespace URI; empty: none
	Local string
	XML   string // the element with its content, declaring every namespace that it uses; AppendXML writes it as it is
}

// Limits bounds what Parse accepts. A zero field means its default.
type Limits struct {
	Bytes        int // of the document; 4 MiB
	Depth        int // of nested elements, the root being 1; 8
	Attributes   int // of one element; 64
	AttributeLen int // bytes of one attribute value; 8 KiB
	Files        int // File entries; 100,000
	Elements     int // below one File, and children of the root that are no File; 512
}

// Defaults of [Limits], besides that of Bytes. What real senders write is far below: a File entry has about 12
// attributes in 400 bytes.
const (
	defaultDepth        = 8
	defaultAttributes   = 64
	defaultAttributeLen = 8 << 10
	defaultFiles        = 100_000
	defaultElements     = 512
)

func (l Limits) withDefaults() Limits {
	set := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&l.Bytes, defaults.FDTBytes)
	set(&l.Depth, defaultDepth)
	set(&l.Attributes, defaultAttributes)
	set(&l.AttributeLen, defaultAttributeLen)
	set(&l.Files, defaultFiles)
	set(&l.Elements, defaultElements)
	return l
}
