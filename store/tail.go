package store

import (
	"bytes"
	"slices"
	"sync/atomic"
)

const (
	// chunkOverhead is charged for bytes that are queued without a page besides themselves.
	chunkOverhead = 128
	// maxUnpaid bounds the bytes that are queued although the budget is spent: what is in hand goes to the object, as
	// it would through a page, and whoever heeds IsShort brings no more meanwhile. Without them an object whose repair
	// symbols have spent the budget could never be completed.
	maxUnpaid = 128 << 10
)

// chunk is bytes of an Object that are to be written. They do not change any more.
type chunk struct {
	off   int64
	bytes []byte
	page  *page  // that they are the last bytes of; nil: another chunk has it, or there is none
	cost  uint64 // charged for bytes without a page
	done  func() // called when it is freed; nil: nothing
}

// enqueue queues what a page holds.
func (b *Buffer) enqueue(p *page) {
	b.queued += uint64(len(p.bytes))
	for i, r := range p.runs {
		c := chunk{off: p.index*pageSize + int64(r.start), bytes: p.bytes[r.start:r.end]}
		if i == len(p.runs)-1 {
			c.page = p
		}
		b.queue = append(b.queue, c)
	}
}

// copy queues bytes for which there is no page; false when there is no room for them either.
func (b *Buffer) copy(part []byte, off int64) bool {
	cost := uint64(len(part)) + chunkOverhead
	if !b.budget.TryReserve(cost) {
		b.short = true
		if b.unpaid+len(part) > maxUnpaid {
			return false
		}
		b.unpaid += len(part)
		cost = 0
	}
	b.queued += uint64(len(part))
	b.queue = append(b.queue, chunk{off: off, bytes: bytes.Clone(part), cost: cost})
	return true
}

// Lend has p written, which is not copied: nobody may change it before the function that Charge is given next is
// called. It costs nothing and always succeeds. p must not be empty.
func (b *Buffer) Lend(p []byte, off int64) {
	b.queued += uint64(len(p))
	b.queue = append(b.queue, chunk{off: off, bytes: p})
}

// Charge makes b the owner of the memory that was lent since the last Charge, for which cost is charged to its budget.
// done is called when it is written or released, on any goroutine.
func (b *Buffer) Charge(cost uint64, done func()) {
	c := &b.queue[len(b.queue)-1]
	c.cost, c.done = cost, done
}

// free gives back what is charged for chunks, and empties them.
func free(budget *Budget, chunks []chunk) {
	for i, c := range chunks {
		budget.Release(c.cost)
		if c.page != nil {
			budget.putPage(c.page)
		}
		if c.done != nil {
			c.done()
		}
		chunks[i] = chunk{}
	}
}

// Tail is bytes that a Buffer wants written. Another goroutine may write them, such as one that may wait for a disk. It
// is not safe for concurrent use. A nil Tail is empty.
type Tail struct {
	budget *Budget
	chunks []chunk
	size   uint64         // Buffer.queued
	sum    *atomic.Uint64 // that counts size until Release; nil: none does
}

// HasTail reports whether Begin would return a Tail.
func (b *Buffer) HasTail() bool { return b.tail == nil && len(b.queue) > 0 }

// Begin returns what is to be written now; nil: nothing, or another Tail is being written. The Buffer still has the
// bytes. End tells it when they are written; after a Release of the Buffer, Tail.Release frees them instead.
func (b *Buffer) Begin() *Tail {
	if !b.HasTail() {
		return nil
	}
	b.tail = &Tail{budget: b.budget, chunks: b.queue, size: b.queued}
	b.queue, b.queued = nil, 0
	return b.tail
}

// End frees what the Tail, which Begin has returned, holds: it is written. It does nothing for a Tail that was ended
// before.
func (b *Buffer) End(t *Tail) {
	if b.tail != t {
		return
	}
	for _, c := range t.chunks {
		if c.page != nil {
			b.held -= cost(len(c.page.bytes))
		}
	}
	t.Release()
	if b.tail = nil; len(b.queue) == 0 {
		b.short, b.unpaid = false, 0
	}
}

// IsWriting reports whether a Tail that Begin has returned is being written.
func (b *Buffer) IsWriting() bool { return b.tail != nil }

// Waiting returns how much memory holds what waits to be written, or is being written, in bytes.
func (b *Buffer) Waiting() uint64 {
	if b.tail != nil {
		return b.queued + b.tail.size
	}
	return b.queued
}

// IsShort reports whether the budget had no room for a page, and bytes wait to be written: more should come only when
// they are.
func (b *Buffer) IsShort() bool { return b.short && (b.tail != nil || len(b.queue) > 0) }

// IsWritten reports whether all bytes below end that came are written.
func (b *Buffer) IsWritten(end int64) bool {
	below := func(c chunk) bool { return c.off < end }
	return (b.tail == nil || !slices.ContainsFunc(b.tail.chunks, below)) && !slices.ContainsFunc(b.queue, below) &&
		(len(b.pages) == 0 || b.pages[0].index*pageSize >= end)
}

// Take takes all bytes from b, which is empty afterwards, also for Peek. They stay charged until Tail.Release. No other
// Tail may be in use.
func (b *Buffer) Take() *Tail {
	b.Flush()
	t := &Tail{budget: b.budget, chunks: b.queue, size: b.queued}
	b.queue, b.queued, b.held, b.short, b.unpaid = nil, 0, 0, false, 0
	return t
}

// Each calls do with the bytes from the offset begin up to end, in order, if the Tail has these and no others. It
// reports whether it has. do must not keep them.
func (t *Tail) Each(begin, end uint64, do func(p []byte)) bool {
	if t == nil || begin >= end {
		return false
	}
	next := begin
	for _, c := range t.chunks {
		if uint64(c.off) != next {
			return false // of bytes that come twice the later ones count
		}
		next += uint64(len(c.bytes))
	}
	if next != end {
		return false
	}
	for _, c := range t.chunks {
		do(c.bytes)
	}
	return true
}

// Count adds about how much memory the bytes take to sum, until Release.
func (t *Tail) Count(sum *atomic.Uint64) {
	t.sum = sum
	sum.Add(t.size)
}

// IsEmpty reports whether there is nothing to write.
func (t *Tail) IsEmpty() bool { return t == nil || len(t.chunks) == 0 }

// Release frees the memory, whether it was written or not. It may be called more than once.
func (t *Tail) Release() {
	if t != nil {
		free(t.budget, t.chunks)
		t.chunks = nil
		if t.sum != nil {
			t.sum.Add(-t.size)
			t.sum = nil
		}
	}
}
