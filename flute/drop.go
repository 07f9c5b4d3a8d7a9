package flute

import (
	"encoding/json"
	"errors"
)

// DropReason says why a datagram, or a symbol that it carried, was not used. Every received datagram is counted once:
// as accepted, as duplicate, or under one DropReason.
type DropReason uint8

// The reasons for a drop. Their String is part of events and of metrics and does not change.
const (
	DropNone          DropReason = iota
	DropTruncated                // ends inside a header, or was cut by the receive buffer
	DropVersion                  // LCT version is not 1 (RFC 5775, section 4.1)
	DropHeaderLength             // HDR_LEN contradicts the flags or exceeds the datagram
	DropExtension                // a header extension with HEL 0, or one that ends outside the header
	DropNoTSI                    // neither S nor H (RFC 5775, section 2.1)
	DropForeignTSI               // no session wants this source and TSI
	DropNoTOI                    // a payload without TOI (RFC 6726, section 3.1)
	DropNoInstanceID             // TOI 0 with a payload and without EXT_FDT (RFC 6726, section 3.3)
	DropFLUTEVersion             // EXT_FDT of another FLUTE version than the session's
	DropOTI                      // EXT_FTI malformed, forged, unsupported, or in conflict with the object's OTI
	DropCodepoint                // codepoint differs from the object's FEC Encoding ID (RFC 6726, section 5)
	DropPayloadID                // ends inside the FEC Payload ID
	DropSBN                      // SBN beyond the last source block
	DropESI                      // ESI beyond the encoding symbols of its source block
	DropSymbolLength             // payload is not made of whole symbols
	DropUnknownObject            // TOI that no FDT Instance describes, beyond what may be kept
	DropBudget                   // a budget of bytes or of objects is spent
	DropExpired                  // FDT Instance that has expired (RFC 6726, section 3.3), or what only that describes
	DropFDTConflict              // other content under an FDT Instance ID still in use (RFC 6726, section 3.4.1)
	DropFinished                 // object has failed for good, or rests before it is tried again
	DropMailbox                  // mailbox of the session or object was full
	DropFault                    // a part of this node failed while it held the datagram
	DropClosed                   // session is closing
	DropNoSession                // in order, but carries nothing, and no session has begun that it could belong to
	NumDropReasons               // number of reasons; not a reason
)

var dropReasons = [NumDropReasons]string{
	"none", "truncated", "version", "header_length", "extension", "no_tsi", "foreign_tsi", "no_toi", "no_instance_id",
	"flute_version", "oti", "codepoint", "payload_id", "sbn", "esi", "symbol_length", "unknown_object", "budget",
	"expired", "fdt_conflict", "finished", "mailbox", "fault", "closed", "no_session",
}

// String returns the stable name of the reason.
func (r DropReason) String() string {
	if r < NumDropReasons {
		return dropReasons[r]
	}
	return "unknown"
}

// packetError is an error of the packet path. It carries its DropReason, so that counting needs no text.
type packetError struct {
	reason DropReason
	text   string
}

// Error returns a text that starts with the package which found the fault.
func (e *packetError) Error() string { return e.text }

// NewPacketError returns a sentinel of which [Reason] says r. It is meant for package-level variables, not for the
// packet path.
func NewPacketError(r DropReason, text string) error { return &packetError{r, text} }

// Reason returns the DropReason that err carries: DropNone for nil, DropFault for an error without one.
func Reason(err error) DropReason {
	if err == nil {
		return DropNone
	}
	// The sentinels come unwrapped on the packet path: a type assertion is ten times cheaper than errors.As.
	if e, ok := err.(*packetError); ok { //nolint:errorlint // see above
		return e.reason
	}
	var e *packetError
	if errors.As(err, &e) {
		return e.reason
	}
	return DropFault
}

// The sentinels that more than one package returns.
var (
	ErrTruncated    = NewPacketError(DropTruncated, "flute: datagram is truncated")
	ErrHeaderLength = NewPacketError(DropHeaderLength, "flute: header length contradicts its fields")
	ErrOTI          = NewPacketError(DropOTI, "flute: FEC Object Transmission Information is invalid")
)

// Counters counts the datagrams of one session. Received = Accepted + Duplicate + the sum of Dropped, at every moment.
type Counters struct {
	Received  uint64
	Accepted  uint64
	Duplicate uint64
	Dropped   [NumDropReasons]uint64
}

// Accept counts a datagram that was used.
func (c *Counters) Accept() { c.Received++; c.Accepted++ }

// Repeat counts a datagram that brought nothing new.
func (c *Counters) Repeat() { c.Received++; c.Duplicate++ }

// Drop counts n datagrams that were dropped for reason r.
func (c *Counters) Drop(r DropReason, n uint64) { c.Received += n; c.Dropped[r] += n }

// Add adds o to c.
func (c *Counters) Add(o Counters) {
	c.Received += o.Received
	c.Accepted += o.Accepted
	c.Duplicate += o.Duplicate
	for r := range c.Dropped {
		c.Dropped[r] += o.Dropped[r]
	}
}

// MarshalJSON writes the counts by name; reasons without a drop are left out.
func (c Counters) MarshalJSON() ([]byte, error) {
	dropped := map[string]uint64{}
	for r, n := range c.Dropped {
		if n > 0 {
			dropped[DropReason(r).String()] = n
		}
	}
	return json.Marshal(struct {
		Received  uint64            `json:"received"`
		Accepted  uint64            `json:"accepted"`
		Duplicate uint64            `json:"duplicate"`
		Dropped   map[string]uint64 `json:"dropped"`
	}{c.Received, c.Accepted, c.Duplicate, dropped})
}

// DropTotal returns the number of datagrams dropped for any reason.
func (c *Counters) DropTotal() uint64 {
	var n uint64
	for _, d := range c.Dropped {
		n += d
	}
	return n
}
