package lease

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
)

// recordVersion is that of the form of a Record.
const recordVersion = 1

// maxRecord bounds a value in bytes that is read from a bucket: one of a file has a Content-Location.
const maxRecord = 64 << 10

// Bounds of Config.TTL: it must outlast several tries to renew it, and not an operator's patience.
const (
	MinTTL = time.Second
	MaxTTL = time.Hour
)

// Record is what a bucket says of a lease.
type Record struct {
	Version     int           `json:"version"`
	Destination string        `json:"destination"` // of the session
	TSI         flute.TSI     `json:"tsi"`
	Epoch       uint64        `json:"epoch"`  // grows with each holder
	Holder      string        `json:"holder"` // random, for each time that a lease is taken; empty: nobody has it
	Site        string        `json:"site"`   // of the latest holder
	TTL         time.Duration `json:"ttl_ns"`
	Serial      uint64        `json:"serial"` // writes of the holder
	Numbers     *numbers      `json:"numbers,omitempty"`
}

// numbers are sender.Numbers in JSON.
type numbers struct {
	InstanceID flute.InstanceID `json:"fdt_instance_id"`
	InUse      uint32           `json:"fdt_instance_ids_in_use"`
	Until      time.Time        `json:"until"`
	TOI        string           `json:"toi"`
}

func numbersOf(n sender.Numbers) *numbers {
	return &numbers{n.InstanceID, n.InUse, n.Until.UTC(), n.TOI.String()}
}

// sender returns the numbers as a session takes them; nil: there are none.
func (n *numbers) sender() (*sender.Numbers, error) {
	if n == nil {
		return nil, nil
	}
	toi, err := flute.ParseTOI(n.TOI)
	if err != nil {
		return nil, err
	}
	return &sender.Numbers{InstanceID: n.InstanceID, InUse: n.InUse, Until: n.Until, TOI: toi}, nil
}

// ParseRecord reads a Record. It may come from anyone who can write to the bucket.
func ParseRecord(value []byte) (*Record, error) {
	if len(value) > maxRecord {
		return nil, fmt.Errorf("lease: a record of %d bytes", len(value))
	}
	r := &Record{}
	if err := json.Unmarshal(value, r); err != nil {
		return nil, fmt.Errorf("lease: %w", err)
	}
	switch {
	case r.Version != recordVersion:
		return nil, fmt.Errorf("lease: a record of version %d; this program knows %d", r.Version, recordVersion)
	case r.TTL < MinTTL || r.TTL > MaxTTL:
		return nil, fmt.Errorf("lease: a record with a TTL of %v", r.TTL)
	}
	if _, err := r.Numbers.sender(); err != nil {
		return nil, fmt.Errorf("lease: a record: %w", err)
	}
	return r, nil
}

// ErrForeign is wrapped by the error of Acquire for the lease of another session.
var ErrForeign = errors.New("lease: it is that of another session")
