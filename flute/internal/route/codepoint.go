package route

// Mode is how an object is delivered (RFC 9223, section 4). The values are those of the formatId of ATSC A/331.
type Mode uint8

// The modes.
const (
	FileMode        Mode = 1 // described by an extended FDT Instance
	EntityMode      Mode = 2 // described by HTTP header fields in front of it
	UnsignedPackage Mode = 3 // several files, as multipart/related
	SignedPackage   Mode = 4 // the same, with a signature
)

// PayloadID is what stands between the LCT header and the bytes of the object (RFC 9223, section 5.1). The values are
// those of the srcFecPayloadId of ATSC A/331.
type PayloadID uint8

// The FEC Payload IDs.
const (
	NoPayloadID PayloadID = 0 // nothing: a packet has the whole object
	StartOffset PayloadID = 1 // 32 bits: where the bytes begin
	SymbolID    PayloadID = 2 // SBN and ESI as RFC 6330 has them
)

// Payload is what a codepoint means.
type Payload struct {
	Mode         Mode
	ID           PayloadID
	SymbolLength uint16 // T of RFC 6330, of SymbolID
}

// NewSegment reports whether codepoint announces an initialization segment that is not that of before: "New IS,
// timeline changed" or "continued" (RFC 9223, section 2.1). Its TOI may be that of the one before.
func NewSegment(codepoint uint8) bool { return codepoint == 5 || codepoint == 6 }

// PayloadOf returns what a codepoint means that no S-TSID explains (RFC 9223, section 2.1).
func PayloadOf(codepoint uint8) Payload {
	p := Payload{Mode: FileMode, ID: StartOffset}
	switch codepoint {
	case 2, 9:
		p.Mode = EntityMode
	case 3:
		p.Mode = UnsignedPackage
	case 4:
		p.Mode = SignedPackage
	}
	return p
}
