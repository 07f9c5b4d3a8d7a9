package store

import (
	"errors"
	"io"
)

// maxPages bounds the pages of one Buffer: 4 MiB, what the sources of one interleaved turn of a sender spread over.
const maxPages = 64

// Buffer gathers small writes to an Object into pages and writes each page once, when it is full. Pages with holes are
// written, oldest first, when there are too many or the budget is spent. A Buffer belongs to one goroutine.
//
// The first error of the Object stays: every later call returns it, so that an object which lost bytes cannot be taken
// for whole.
type Buffer struct {
	object Object
	budget *Budget
	pages  map[int64]*page
	last   *page // the page written to last
	oldest *page
	newest *page
	err    error
}

// NewBuffer returns an empty Buffer over o. Its pages are charged to budget; nil: not limited.
func NewBuffer(o Object, budget *Budget) *Buffer {
	if budget == nil {
		budget = NewBudget(1<<62, nil)
	}
	return &Buffer{object: o, budget: budget, pages: map[int64]*page{}}
}

// WriteAt copies p to offset off. It may write pages to the Object.
func (b *Buffer) WriteAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) && b.err == nil {
		at := off + int64(n)
		pg := b.page(at / pageSize)
		from := int(at % pageSize)
		c := 0
		if pg == nil { // no memory for a page: past it
			c = min(len(p)-n, pageSize-from)
			b.writeThrough(p[n:n+c], at)
		} else {
			c = copy(pg.data[from:], p[n:])
			pg.add(from, from+c)
			if pg.isFull() {
				b.evict(pg)
			}
		}
		n += c
	}
	if b.err != nil {
		return 0, b.err
	}
	return n, nil
}

// page returns the page with the given number, made if there is none; nil when the budget has no room for it.
func (b *Buffer) page(number int64) *page {
	if b.last != nil && b.last.number == number {
		return b.last
	}
	pg := b.pages[number]
	if pg == nil {
		if len(b.pages) >= maxPages {
			b.evict(b.oldest)
		}
		for !b.budget.TryReserve(pageSize) {
			if b.oldest == nil {
				return nil
			}
			b.evict(b.oldest)
		}
		pg = b.budget.pages.get()
		pg.number = number
		b.pages[number] = pg
		if pg.older = b.newest; b.newest != nil {
			b.newest.newer = pg
		} else {
			b.oldest = pg
		}
		b.newest = pg
	}
	b.last = pg
	return pg
}

// evict writes what a page has to the Object, and frees it.
func (b *Buffer) evict(pg *page) {
	for _, s := range pg.spans {
		b.writeThrough(pg.data[s.from:s.to], pg.number*pageSize+int64(s.from))
	}
	b.free(pg)
}

func (b *Buffer) free(pg *page) {
	if pg.older != nil {
		pg.older.newer = pg.newer
	} else {
		b.oldest = pg.newer
	}
	if pg.newer != nil {
		pg.newer.older = pg.older
	} else {
		b.newest = pg.older
	}
	if b.last == pg {
		b.last = nil
	}
	delete(b.pages, pg.number)
	b.budget.Release(pageSize)
	b.budget.pages.put(pg)
}

func (b *Buffer) writeThrough(p []byte, off int64) {
	if b.err != nil {
		return
	}
	n, err := b.object.WriteAt(p, off)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	b.err = err
}

// ReadAt reads what was written, from pages and from the Object. Bytes that were not written read as 0.
func (b *Buffer) ReadAt(p []byte, off int64) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.object.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
		return 0, err
	}
	clear(p[n:])
	for number := off / pageSize; number*pageSize < off+int64(len(p)); number++ {
		if pg := b.pages[number]; pg != nil {
			n = max(n, pg.copyTo(p, off))
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// copyTo copies what the page has of the bytes from off on to p, and returns where in p the last of them ends.
func (pg *page) copyTo(p []byte, off int64) (end int) {
	start := pg.number * pageSize
	for _, s := range pg.spans {
		from, to := max(off, start+int64(s.from)), min(off+int64(len(p)), start+int64(s.to))
		if from < to {
			copy(p[from-off:to-off], pg.data[from-start:])
			end = int(to - off)
		}
	}
	return end
}

// Flush writes all pages to the Object.
func (b *Buffer) Flush() error {
	for b.oldest != nil {
		b.evict(b.oldest)
	}
	return b.err
}

// Release frees the pages without writing them. The Object stays as it is.
func (b *Buffer) Release() {
	for b.oldest != nil {
		b.free(b.oldest)
	}
}
