package content

import (
	"sync"

	"github.com/flute-node/flute-node/flute/internal/staging"
)

// Hashing is work that hashes the first End bytes of an object, ahead of its end.
type Hashing struct {
	Object *staging.Object
	Digest *Digest
	End    uint64
}

// Run does the work. It blocks on the store, and holds cpu, which may be nil, while it computes.
func (h *Hashing) Run(cpu sync.Locker) error {
	object, err := h.Object.Open()
	if err != nil {
		return err
	}
	return h.Digest.Extend(cpu, object, h.End)
}
