package routing

import (
	"sync/atomic"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/drop"
)

// Counters are the datagrams that belong to no session, by reason. They are safe for concurrent use.
type Counters struct {
	dropped [drop.NumReasons]atomic.Uint64
}

// Dropped returns the counts by reason.
func (c *Counters) Dropped() (d [drop.NumReasons]uint64) {
	for r := range d {
		d[r] = c.dropped[r].Load()
	}
	return d
}

// Drop counts n datagrams that no session counts.
func (c *Counters) Drop(r flute.DropReason, n uint64) { c.dropped[r].Add(n) }
