package flute

import (
	"encoding/json"
	"errors"

	"github.com/flute-node/flute-node/internal/drop"
)

// DropReason says why a datagram, or a symbol that it carried, was not used. Every received datagram is counted once:
// as accepted, as duplicate, or under one DropReason. Its String is a stable name such as "truncated" or "foreign_tsi".
type DropReason = drop.Reason

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

// Reason returns the DropReason that err carries: drop.None for nil, drop.Fault for an error without one.
func Reason(err error) DropReason {
	if err == nil {
		return drop.None
	}
	// The sentinels come unwrapped on the packet path: a type assertion is ten times cheaper than errors.As.
	if e, ok := err.(*packetError); ok { //nolint:errorlint // see above
		return e.reason
	}
	var e *packetError
	if errors.As(err, &e) {
		return e.reason
	}
	return drop.Fault
}

// The sentinels that more than one package returns.
var (
	ErrTruncated    = NewPacketError(drop.Truncated, "flute: datagram is truncated")
	ErrHeaderLength = NewPacketError(drop.HeaderLength, "flute: header length contradicts its fields")
	ErrOTI          = NewPacketError(drop.OTI, "flute: FEC Object Transmission Information is invalid")
)

// Counters counts the datagrams of one session. Received = Accepted + Duplicate + the sum of Dropped, at every moment.
type Counters struct {
	Received  uint64
	Accepted  uint64
	Duplicate uint64
	Dropped   [drop.NumReasons]uint64
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
