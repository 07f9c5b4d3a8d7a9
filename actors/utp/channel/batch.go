package channel

import (
	"sync"

	"github.com/flute-node/flute-node/actors"
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
	b.pool.put(b)
}

// IgnoreDeadLetterLogging implements actors.Data.
func (b *Batch) IgnoreDeadLetterLogging() {}

// maxFree bounds the Batches that are kept: as many as wait in a mailbox that is busy.
const maxFree = 256

// Batches are Batches for reuse. The zero value is empty. It is safe for concurrent use.
type Batches struct {
	mu   sync.Mutex
	free []*Batch
}

// Get returns an empty Batch over s, which gives it a reference.
func (p *Batches) Get(s *slab.Slab) *Batch {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.free)
	if n == 0 {
		return &Batch{Slab: s, pool: p}
	}
	b := p.free[n-1]
	p.free[n-1] = nil
	p.free = p.free[:n-1]
	b.Slab = s
	return b
}

func (p *Batches) put(b *Batch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.free) < maxFree {
		p.free = append(p.free, b)
	}
}
