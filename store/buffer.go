package store

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// defaultPages is how many pages a Buffer holds at most, unless Gather says otherwise: 4 MiB. Holes that a lossy link
// leaves are repaired by FEC within a few source blocks, or else by the next pass of a carousel, for which no cache is
// large enough.
const defaultPages = 64

// Buffer gathers small writes to an Object in pages of pageSize, and tells which bytes are to be written: it calls no
// Object itself, so that whoever owns it waits for no disk. A page that is complete is to be written at once; other
// pages when room is needed, the one opened first before the others, or after Flush. What comes for a page afterwards
// opens it again. When the Budget has no room for even one page, or too little came yet to be worth one, bytes are
// copied as they are.
//
//	WriteAt ─► pages ─► queue ── Begin ─► Tail ─ Write (on any goroutine) ─► End
//
// Bytes can be read with Peek, and are charged to the Budget, until the End of the Tail that they were written with.
// Tails are written one after the other, so that of bytes that were written twice the later ones stay.
//
// A Buffer has one owner, which alone may call its methods. It is not safe for concurrent use.
type Buffer struct {
	budget *Budget
	limit  int
	pages  []*page // by ascending index
	last   *page   // the page written to most recently; nil when it was freed
	opened uint64  // number of pages opened
	taken  uint64  // bytes written so far
	held   uint64  // cost of pages, also of those that are queued or being written
	queue  []chunk // to be written, the oldest first
	tail   *Tail   // that is being written; nil: none
	queued uint64  // bytes of queue, with those of its pages that hold nothing
	short  bool    // the budget had no room for a page since all was written
	unpaid int     // bytes in queue and tail that the budget had no room for
	closed bool
}

// NewBuffer returns an empty Buffer, which is charged to budget; nil is a budget of its own without limit.
func NewBuffer(budget *Budget) *Buffer {
	if budget == nil {
		budget = NewBudget(math.MaxUint64, nil)
	}
	return &Buffer{budget: budget, limit: defaultPages}
}

// Gather has up to n bytes gather in pages, at least those of one page, instead of 4 MiB. It takes effect with the next
// page opened. No more than 4 MiB gather once the budget had no room for a page.
func (b *Buffer) Gather(n int) { b.limit = max(1, n/pageSize) }

// WriteAt implements [io.WriterAt]. p is copied. ErrBudget when there is no room: then some of p may have been taken.
func (b *Buffer) WriteAt(p []byte, off int64) (int, error) {
	if b.closed {
		return 0, errReleased
	}
	if off < 0 || off > math.MaxInt64-int64(len(p)) {
		return 0, fmt.Errorf("store: buffer: %d bytes at offset %d are out of range", len(p), off)
	}
	b.taken += uint64(len(p))
	done := 0
	for done < len(p) {
		start := uint32(off % pageSize)
		part := p[done:min(len(p), done+pageSize-int(start))]
		if !b.write(part, off, start) {
			return done, fmt.Errorf("store: buffer: %d bytes: %w", len(part), ErrBudget)
		}
		done += len(part)
		off += int64(len(part))
	}
	return done, nil
}

// write takes what lies within one page, start bytes from its beginning; false when there is no room.
func (b *Buffer) write(part []byte, off int64, start uint32) bool {
	end := start + uint32(len(part))
	p := b.last
	if p == nil || p.index != off/pageSize || int(end) > len(p.bytes) || !p.hasRun() {
		if p = b.open(off/pageSize, end); p == nil {
			return b.copy(part, off)
		}
		b.last = p
	}
	copy(p.bytes[start:end], part)
	p.add(start, end)
	if p.full() {
		b.leave(p)
	}
	return true
}

// open returns the page of that index with room for end bytes and for one more run; nil when the budget has none.
func (b *Buffer) open(index int64, end uint32) *page {
	at, found := b.find(index)
	if found && b.pages[at].hasRun() {
		if p := b.pages[at]; int(end) <= len(p.bytes) {
			return p
		}
		return b.enlarge(b.pages[at], end)
	}
	if found {
		b.leave(b.pages[at])
	}
	if len(b.pages) >= b.limit {
		b.leave(b.oldest())
	}
	p := b.take(sizeFor(index, end), 0)
	if p == nil {
		if b.short {
			b.Yield()
		}
		return nil
	}
	p.index, p.age = index, b.opened
	b.opened++
	at, _ = b.find(index)
	b.pages = slices.Insert(b.pages, at, p)
	return p
}

// Yield has no more than 4 MiB gather from now on, and the rest written, since there is no memory for something else.
// Otherwise pages with holes would keep it.
func (b *Buffer) Yield() {
	b.limit = min(b.limit, defaultPages)
	for len(b.pages) > b.limit {
		b.leave(b.oldest())
	}
}

// oldest returns the page that was opened first.
func (b *Buffer) oldest() *page {
	return slices.MinFunc(b.pages, func(p, q *page) int { return int(int64(p.age - q.age)) })
}

// take takes a page of size bytes from the budget, or returns nil: also when it costs, together with those that are
// held, more than what was written is worth. A page of leastPage is always worth it: an object has no more than one. A
// page that freed bytes are charged for is going to be given back.
func (b *Buffer) take(size int, freed uint64) *page {
	if size != leastPage && b.held-freed+cost(size) > pageWorth*b.taken {
		return nil
	}
	p := b.budget.takePage(size)
	if p == nil {
		b.short = true
		return nil
	}
	b.held += cost(size)
	return p
}

// put gives a page back.
func (b *Buffer) put(p *page) {
	b.held -= cost(len(p.bytes))
	b.budget.putPage(p)
}

// enlarge makes a page one with room for end bytes. When the budget has no room for that, the page is to be written,
// and nil is returned.
func (b *Buffer) enlarge(p *page, end uint32) *page {
	q := b.take(sizeFor(p.index, end), cost(len(p.bytes)))
	if q == nil {
		b.leave(p)
		return nil
	}
	copy(q.bytes, p.bytes)
	q.index, q.age, q.runs = p.index, p.age, append(q.runs[:0], p.runs...)
	at, _ := b.find(p.index)
	b.pages[at] = q
	if b.last == p {
		b.last = nil
	}
	b.put(p)
	return q
}

// find returns where in b.pages the page of that index is, or belongs.
func (b *Buffer) find(index int64) (int, bool) {
	return slices.BinarySearchFunc(b.pages, index, func(p *page, index int64) int {
		return cmp.Compare(p.index, index)
	})
}

// leave queues p, which takes no more bytes.
func (b *Buffer) leave(p *page) {
	at, _ := b.find(p.index)
	b.pages = slices.Delete(b.pages, at, at+1)
	if b.last == p {
		b.last = nil
	}
	b.enqueue(p)
}

// Flush has all that pages hold written.
func (b *Buffer) Flush() { b.FlushBefore(math.MaxInt64) }

// FlushBefore has all pages written that begin before the offset end.
func (b *Buffer) FlushBefore(end int64) {
	n := 0
	for n < len(b.pages) && b.pages[n].index*pageSize < end {
		b.enqueue(b.pages[n])
		n++
	}
	b.pages = slices.Delete(b.pages, 0, n)
	b.last = nil
}

// Adopt charges what b holds to budget from now on, which the caller has moved there.
func (b *Buffer) Adopt(budget *Budget) {
	b.budget = budget
	if b.tail != nil {
		b.tail.budget = budget
	}
}

// Release frees all that is not being written. The Buffer cannot be used afterwards: WriteAt returns ErrClosed. Whoever
// has a Tail releases that.
func (b *Buffer) Release() {
	for _, p := range b.pages {
		b.put(p)
	}
	free(b.budget, b.queue)
	b.pages, b.last, b.queue, b.tail, b.queued, b.closed = nil, nil, nil, nil, 0, true
}

var errReleased = fmt.Errorf("store: buffer: %w", ErrClosed)
