package flute

import (
	"encoding/json"

	"github.com/flute-node/flute-node/internal/drop"
)

// DropReason says why a datagram, or a symbol that it carried, was not used. Every received datagram is counted once:
// as accepted, as duplicate, or under one DropReason. Its String is a stable name such as "truncated" or "foreign_tsi".
type DropReason = drop.Reason

// ErrOTI is the error of FEC Object Transmission Information that cannot be used, in whichever package finds it.
var ErrOTI = drop.NewError(drop.OTI, "flute: FEC Object Transmission Information is invalid")

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

// UnmarshalJSON reads what MarshalJSON has written. Reasons that are not known, as those of a newer node, are left out.
func (c *Counters) UnmarshalJSON(text []byte) error {
	var read struct {
		Received  uint64            `json:"received"`
		Accepted  uint64            `json:"accepted"`
		Duplicate uint64            `json:"duplicate"`
		Dropped   map[string]uint64 `json:"dropped"`
	}
	if err := json.Unmarshal(text, &read); err != nil {
		return err
	}
	*c = Counters{Received: read.Received, Accepted: read.Accepted, Duplicate: read.Duplicate}
	for r := range c.Dropped {
		c.Dropped[r] = read.Dropped[DropReason(r).String()]
	}
	return nil
}

// DropTotal returns the number of datagrams dropped for any reason.
func (c *Counters) DropTotal() uint64 {
	var n uint64
	for _, d := range c.Dropped {
		n += d
	}
	return n
}
