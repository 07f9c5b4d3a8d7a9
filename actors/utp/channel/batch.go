package channel

import (
	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/internal/reuse"
	"github.com/flute-node/flute-node/internal/slab"
)

// Batch is datagrams of one read: for a socket, and, those of one connection, for its channel. It is Data of the kit.
type Batch struct {
	Slab      *slab.Slab // with one reference
	Datagrams []slab.Datagram
	pool      *Batches
}

var _ actors.Data = (*Batch)(nil)

// Bytes implements actors.Data.
func (b *Batch) Bytes() int {
	n := 0
	for i := range b.Datagrams {
		n += len(b.Datagrams[i].Data)
	}
	return n
}

// Release implements actors.Data.
func (b *Batch) Release() {
	b.Slab.Release()
	clear(b.Datagrams)
	b.Slab, b.Datagrams = nil, b.Datagrams[:0]
	b.pool.list.Put(b, maxFree)
}

// IgnoreDeadLetterLogging implements actors.Data.
func (b *Batch) IgnoreDeadLetterLogging() {}

// maxFree bounds the Batches that are kept: as many as wait in a mailbox that is busy.
const maxFree = 256

// Batches are Batches for reuse. The zero value is empty. It is safe for concurrent use.
type Batches struct{ list reuse.List[Batch] }

// Get returns an empty Batch over s, which gives it a reference.
func (p *Batches) Get(s *slab.Slab) *Batch {
	b := p.list.Get()
	if b == nil {
		b = &Batch{pool: p}
	}
	b.Slab = s
	return b
}
