package drop

// Reason says why a datagram, or a symbol that it carried, was not used. Every received datagram is counted once:
// as accepted, as duplicate, or under one Reason.
type Reason uint8

// The reasons for a drop. Their String is part of events and of metrics and does not change.
const (
	None          Reason = iota
	Truncated            // ends inside a header, or was cut by the receive buffer
	Version              // LCT version is not 1 (RFC 5775, section 4.1)
	HeaderLength         // HDR_LEN contradicts the flags or exceeds the datagram
	Extension            // a header extension with HEL 0, or one that ends outside the header
	NoTSI                // neither S nor H (RFC 5775, section 2.1)
	ForeignTSI           // no session wants this source and TSI
	NoTOI                // a payload without TOI (RFC 6726, section 3.1)
	NoInstanceID         // TOI 0 with a payload and without EXT_FDT (RFC 6726, section 3.3)
	FLUTEVersion         // EXT_FDT of another FLUTE version than the session's
	OTI                  // EXT_FTI malformed, forged, unsupported, or in conflict with the object's OTI
	Codepoint            // codepoint differs from the object's FEC Encoding ID (RFC 6726, section 5)
	PayloadID            // ends inside the FEC Payload ID
	SBN                  // SBN beyond the last source block
	ESI                  // ESI beyond the encoding symbols of its source block
	SymbolLength         // payload is not made of whole symbols
	StartOffset          // ROUTE: bytes beyond the end of the object, or that overlap others (RFC 9223, section 6)
	UnknownObject        // TOI that no FDT Instance describes, beyond what may be kept
	Budget               // a budget of bytes or of objects is spent
	Expired              // FDT Instance that has expired (RFC 6726, section 3.3), or what only that describes
	FDTConflict          // other content under an FDT Instance ID still in use (RFC 6726, section 3.4.1)
	Finished             // object has failed for good, or rests before it is tried again
	Refused              // object is not wanted
	Mailbox              // mailbox of the session or object was full
	Fault                // a part of this node failed while it held the datagram
	Closed               // session is closing
	NoSession            // in order, but carries nothing, and no session has begun that it could belong to
	NumReasons           // number of reasons; not a reason
)

var names = [NumReasons]string{
	"none", "truncated", "version", "header_length", "extension", "no_tsi", "foreign_tsi", "no_toi", "no_instance_id",
	"flute_version", "oti", "codepoint", "payload_id", "sbn", "esi", "symbol_length", "start_offset",
	"unknown_object", "budget", "expired", "fdt_conflict", "finished", "refused", "mailbox", "fault", "closed",
	"no_session",
}

// String returns the stable name of the reason.
func (r Reason) String() string {
	if r < NumReasons {
		return names[r]
	}
	return "unknown"
}
