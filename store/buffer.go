package store

import (
	"fmt"
	"io"
	"math"
	"slices"
)

// defaultPages is how many pages a Buffer holds at most: 4 MiB. Holes that a lossy link leaves are repaired by FEC
// within a few source blocks, or else by the next pass of a carousel, for which no cache is large enough.
const defaultPages = 64

// Buffer gathers small writes to an Object in pages of pageSize. A page that is complete is written and freed at once;
// other pages are written when room is needed, the one opened first before the others, or by Flush. What is written to
// a page afterwards opens it again. When the Budget has no room for even one page, or too little was written yet to be
// worth one, bytes go to the Object directly.
//
// The first failure to write to the Object sticks: all methods return it from then on, so that it cannot be lost.
//
// A Buffer has one owner, which alone may call its methods, and alone may write to the Object. Others may read from the
// Object what a Flush has completed.
type Buffer struct {
	object Object
	budget *Budget
	limit  int
	pages  []*page // by ascending index
	last   *page   // the page written to most recently; nil when it was freed
	opened uint64  // number of pages opened
	taken  uint64  // bytes written so far
	held   uint64  // cost of pages
	err    error   // sticks
}

// NewBuffer returns an empty Buffer over o. Its pages are charged to budget; nil is a budget of its own without limit.
func NewBuffer(o Object, budget *Budget) *Buffer {
	if budget == nil {
		budget = NewBudget(math.MaxUint64, nil)
	}
	return &Buffer{object: o, budget: budget, limit: defaultPages}
}

// SetPages bounds the pages held to n, at least one, instead of defaultPages. It takes effect with the next page
// opened.
func (b *Buffer) SetPages(n int) { b.limit = max(1, n) }

// WriteAt implements [io.WriterAt]. p is copied. An error may concern bytes of an earlier call.
func (b *Buffer) WriteAt(p []byte, off int64) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if off < 0 || off > math.MaxInt64-int64(len(p)) {
		return 0, fmt.Errorf("store: buffer: %d bytes at offset %d are out of range", len(p), off)
	}
	b.taken += uint64(len(p))
	done := 0
	for done < len(p) {
		start := uint32(off % pageSize)
		part := p[done:min(len(p), done+pageSize-int(start))]
		if err := b.write(part, off, start); err != nil {
			return done, err
		}
		done += len(part)
		off += int64(len(part))
	}
	return done, nil
}

// write writes what lies within one page, start bytes from its beginning.
func (b *Buffer) write(part []byte, off int64, start uint32) error {
	end := start + uint32(len(part))
	p := b.last
	if p == nil || p.index != off/pageSize || int(end) > len(p.bytes) || !p.hasRun() {
		var err error
		if p, err = b.open(off/pageSize, end); err != nil {
			return err
		}
		if p == nil {
			return b.store(part, off)
		}
		b.last = p
	}
	copy(p.bytes[start:end], part)
	p.add(start, end)
	if p.full() {
		if err := b.evict(p); err != nil {
			return err
		}
		b.put(p)
	}
	return nil
}

// open returns the page of that index with room for end bytes and for one more run; nil when the budget has none.
func (b *Buffer) open(index int64, end uint32) (*page, error) {
	at, found := b.find(index)
	if found {
		p := b.pages[at]
		if !p.hasRun() {
			if err := b.writeRuns(p); err != nil {
				return nil, err
			}
		}
		if int(end) <= len(p.bytes) {
			return p, nil
		}
		return b.enlarge(p, end)
	}
	p, err := b.empty(index, end)
	if p == nil {
		return nil, err
	}
	p.index, p.age = index, b.opened
	b.opened++
	at, _ = b.find(index) // a page may have left
	b.pages = slices.Insert(b.pages, at, p)
	return p, nil
}

// empty returns an empty page that b does not hold: another one, or its oldest, written.
func (b *Buffer) empty(index int64, end uint32) (*page, error) {
	size := sizeFor(index, end)
	if len(b.pages) < b.limit {
		if p := b.take(size, 0); p != nil {
			return p, nil
		}
	}
	if len(b.pages) == 0 {
		return nil, nil
	}
	p := slices.MinFunc(b.pages, func(p, q *page) int { return int(int64(p.age - q.age)) })
	if err := b.evict(p); err != nil {
		return nil, err
	}
	if len(p.bytes) >= int(end) {
		return p, nil
	}
	b.put(p)
	return b.take(size, 0), nil
}

// take takes a page of size bytes from the budget, or returns nil: also when it costs, together with those that are
// held, more than what was written is worth. A page of leastPage is always worth it: an object has no more than one. A
// page that freed bytes are charged for is going to be given back.
func (b *Buffer) take(size int, freed uint64) *page {
	if size != leastPage && b.held-freed+cost(size) > pageWorth*b.taken {
		return nil
	}
	p := b.budget.takePage(size)
	if p != nil {
		b.held += cost(size)
	}
	return p
}

// put gives a page back.
func (b *Buffer) put(p *page) {
	b.held -= cost(len(p.bytes))
	b.budget.putPage(p)
}

// enlarge makes a page one with room for end bytes. When the budget has no room for that, its bytes are written, and
// nil is returned.
func (b *Buffer) enlarge(p *page, end uint32) (*page, error) {
	q := b.take(sizeFor(p.index, end), cost(len(p.bytes)))
	if q == nil {
		err := b.evict(p)
		if err == nil {
			b.put(p)
		}
		return nil, err
	}
	copy(q.bytes, p.bytes)
	q.index, q.age, q.runs = p.index, p.age, append(q.runs[:0], p.runs...)
	at, _ := b.find(p.index)
	b.pages[at] = q
	if b.last == p {
		b.last = nil
	}
	b.put(p)
	return q, nil
}

// find returns where in b.pages the page of that index is, or belongs.
func (b *Buffer) find(index int64) (int, bool) {
	return slices.BinarySearchFunc(b.pages, index, func(p *page, index int64) int {
		switch {
		case p.index < index:
			return -1
		case p.index > index:
			return 1
		}
		return 0
	})
}

// evict writes what p holds and takes it out of b. The caller has p afterwards, and puts it back or uses it again.
func (b *Buffer) evict(p *page) error {
	if err := b.writeRuns(p); err != nil {
		return err
	}
	at, _ := b.find(p.index)
	b.pages = slices.Delete(b.pages, at, at+1)
	if b.last == p {
		b.last = nil
	}
	return nil
}

// writeRuns writes what p holds, one write for each run, and leaves p empty.
func (b *Buffer) writeRuns(p *page) error {
	for _, r := range p.runs {
		if err := b.store(p.bytes[r.start:r.end], p.index*pageSize+int64(r.start)); err != nil {
			return err
		}
	}
	p.runs = p.runs[:0]
	return nil
}

// store writes to the object. Its error sticks.
func (b *Buffer) store(p []byte, off int64) error {
	n, err := b.object.WriteAt(p, off)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		b.err = fmt.Errorf("store: buffer: write of %d bytes at %d: %w", len(p), off, err)
	}
	return b.err
}

// Flush writes all that pages hold to the Object, and frees them.
func (b *Buffer) Flush() error { return b.FlushBefore(math.MaxInt64) }

// FlushBefore writes and frees all pages that begin before the offset end. Afterwards the Object holds all bytes below
// end that were written.
func (b *Buffer) FlushBefore(end int64) error {
	if b.err != nil {
		return b.err
	}
	n := 0
	for n < len(b.pages) && b.pages[n].index*pageSize < end {
		if err := b.writeRuns(b.pages[n]); err != nil {
			return err
		}
		n++
	}
	b.free(n)
	return nil
}

// Release frees all pages without writing them. The Buffer cannot be used afterwards; its methods return ErrClosed, or
// the error that stuck before.
func (b *Buffer) Release() {
	b.free(len(b.pages))
	if b.err == nil {
		b.err = fmt.Errorf("store: buffer: %w", ErrClosed)
	}
}

// free gives back the first n pages.
func (b *Buffer) free(n int) {
	for _, p := range b.pages[:n] {
		if b.last == p {
			b.last = nil
		}
		b.put(p)
	}
	b.pages = slices.Delete(b.pages, 0, n)
}
