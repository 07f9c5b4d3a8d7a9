package content

import (
	"sync"

	"github.com/flute-node/flute-node/store"
)

// Hashing is work that hashes the first End bytes of an object, ahead of its end.
type Hashing struct {
	Object store.Object
	Digest *Digest
	End    uint64
}

// Run does the work. It blocks on the store, and holds cpu, which may be nil, while it computes.
func (h *Hashing) Run(cpu sync.Locker) error { return h.Digest.Extend(cpu, h.Object, h.End) }

// Discard discards the object: nobody waits for it any more.
func (h *Hashing) Discard() { _ = h.Object.Discard() }
