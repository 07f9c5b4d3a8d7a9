package assembly

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"io"
	"sync"

	"github.com/flute-node/flute-node/flute/internal/staging"
)

// tagChunk is how many bytes are read at once to make tags.
const tagChunk = 1 << 20

// tags are the tags of the source symbols of an object.
type tags struct {
	seed   maphash.Seed
	symbol int
	list   []uint32
}

func (t *tags) tag(b []byte) uint32 { return uint32(maphash.Bytes(t.seed, b)) }

// Tagging is work that makes the tags of a whole object. Run it once.
type Tagging struct {
	object *staging.Object
	length uint64
	tags   tags
}

// Tagging returns the work that Doubt needs. nil: there is no memory for the tags, or source symbols do not lie in
// the object in one piece, or some were recovered under a guess.
func (a *Assembly) Tagging() *Tagging {
	if a.OTI.TransferLength == 0 || a.doubt != nil || a.part.HasSubBlocks() || a.guesses > 0 {
		return nil
	}
	n := (a.OTI.TransferLength + uint64(a.OTI.SymbolLength) - 1) / uint64(a.OTI.SymbolLength)
	cost := 4*n + n/8 + 8
	if !a.budget.TryReserve(cost) {
		return nil
	}
	a.doubtCost = cost
	return &Tagging{
		object: a.object, length: a.OTI.TransferLength,
		tags: tags{seed: maphash.MakeSeed(), symbol: int(a.OTI.SymbolLength), list: make([]uint32, 0, n)},
	}
}

// Run does the work. It blocks on the store, and holds cpu, which may be nil, while it computes.
func (t *Tagging) Run(cpu sync.Locker) error {
	object, err := t.object.Open()
	if err != nil {
		return err
	}
	chunk := make([]byte, max(1, tagChunk/t.tags.symbol)*t.tags.symbol)
	for off := uint64(0); off < t.length; off += uint64(len(chunk)) {
		p := chunk[:min(uint64(len(chunk)), t.length-off)]
		if n, err := object.ReadAt(p, int64(off)); n < len(p) {
			return fmt.Errorf("receiver: read of %d bytes at %d: %w", len(p), off, cmp.Or(err, io.ErrUnexpectedEOF))
		}
		t.tags.add(p, cpu)
	}
	return nil
}

func (t *tags) add(p []byte, cpu sync.Locker) {
	if cpu != nil {
		cpu.Lock()
		defer cpu.Unlock()
	}
	for len(p) > 0 {
		n := min(t.symbol, len(p))
		t.list = append(t.list, t.tag(p[:n]))
		p = p[n:]
	}
}

// Release does nothing: the Assembly has been charged.
func (t *Tagging) Release() {}
