package socket

import (
	"testing"
	"time"

	"github.com/flute-node/flute-node/internal/slab"
)

// many is a Router with so many owners.
type many int

func (n many) Route(time.Time, *slab.Datagram) *Flow { return nil }
func (n many) Owners() int                           { return int(n) }
func (n many) Lose(int, Loss)                        {}
func (n many) Warnings() []string                    { return nil }

// TestCrowdFirst: where owners hold several reads the reader lets them go first, if they are many.
func TestCrowdFirst(t *testing.T) {
	for _, c := range []struct {
		owners, slabs int
		want          bool
	}{
		{manyOwners + 1, heldSlabs + 1, true},
		{manyOwners + 1, heldSlabs, false},
		{manyOwners, heldSlabs + 1, false},
		{1, 2 * heldSlabs, false},
	} {
		r := reader{fanout: newFanout(), slabs: slab.NewPool(1, 2*heldSlabs)}
		r.fanout.add(many(c.owners), nil)
		for range c.slabs {
			defer r.slabs.Get().Release()
		}
		if got := r.crowdFirst(); got != c.want {
			t.Errorf("%d owners hold %d slabs: %v, want %v", c.owners, c.slabs, got, c.want)
		}
	}
}
