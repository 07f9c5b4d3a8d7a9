package mem

import (
	"fmt"
	"io"
	"io/fs"
	"math"
	"sync"

	"github.com/flute-node/flute-node/store"
)

const (
	// pageSize is how many bytes of an object are allocated together at most.
	pageSize = 64 << 10
	// pagesRead is how many pages a read looks up at a time.
	pagesRead = 8
	// minPage is the least allocation.
	minPage = 512
)

// state is what has become of an object.
type state uint8

const (
	staged state = iota
	published
	freed
)

// object holds the pages of an object that were written to, so that a write far away costs no more than one nearby.
type object struct {
	store *Store

	mu    sync.Mutex
	state state
	size  int64
	pages map[int64][]byte // by offset/pageSize; of any length up to pageSize: the rest is zero, also in its capacity
	cost  uint64           // bytes reserved from the budget
}

// ReadAt implements [io.ReaderAt].
func (o *object) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("store/mem: read at %d: negative offset", off)
	}
	n, _, ok := o.readIn(staged, p, off)
	switch {
	case !ok:
		return 0, fmt.Errorf("store/mem: read: %w", store.ErrClosed)
	case n < len(p):
		return n, io.EOF
	}
	return n, nil
}

// readIn fills p with the bytes at off, as far as there are any, and returns their number and the size of o. ok: o was
// in that state all the time. It copies without the lock, since others may write elsewhere meanwhile: they would wait.
func (o *object) readIn(in state, p []byte, off int64) (n int, size int64, ok bool) {
	var pages [pagesRead][]byte
	for {
		at := off + int64(n)
		first := at / pageSize
		o.mu.Lock()
		size, ok = o.size, o.state == in
		rest := min(int64(len(p)-n), size-at, (first+pagesRead)*pageSize-at)
		for i := range pages {
			if (first+int64(i))*pageSize < at+rest {
				pages[i] = o.pages[first+int64(i)]
			}
		}
		o.mu.Unlock()
		if !ok || rest <= 0 {
			return n, size, ok
		}
		copyPages(p[n:n+int(rest)], pages[:], at%pageSize)
		n += int(rest)
	}
}

// copyPages fills p with the bytes of pages from start on. What a page does not hold is zero.
func copyPages(p []byte, pages [][]byte, start int64) {
	for ; len(p) > 0; pages, start = pages[1:], 0 {
		part := p[:min(int64(len(p)), pageSize-start)]
		n := 0
		if int64(len(pages[0])) > start {
			n = copy(part, pages[0][start:])
		}
		clear(part[n:])
		p = p[len(part):]
	}
}

// WriteAt implements [io.WriterAt]. It fails with [store.ErrBudget] when the budget is spent.
func (o *object) WriteAt(p []byte, off int64) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state != staged {
		return 0, fmt.Errorf("store/mem: write: %w", store.ErrClosed)
	}
	if off < 0 || off > math.MaxInt64-int64(len(p)) {
		return 0, fmt.Errorf("store/mem: write of %d bytes at %d: out of range", len(p), off)
	}
	done := 0
	for done < len(p) {
		start := off % pageSize
		part := p[done:min(int64(len(p)), int64(done)+pageSize-start)]
		page, err := o.grow(off/pageSize, int(start)+len(part))
		if err != nil {
			return done, err
		}
		copy(page[start:], part)
		done += len(part)
		off += int64(len(part))
		o.size = max(o.size, off)
	}
	return done, nil
}

// Window returns the memory of the n bytes from off on, for a writer that puts them there itself, in place of WriteAt.
// It may do so until the object is published, truncated or discarded, or the page grows behind them. Nil: the bytes do
// not lie in one page; or there is no memory for them yet, and grow is false, or the budget is spent.
func (o *object) Window(off int64, n int, grow bool) []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state != staged || off < 0 || n <= 0 || off%pageSize+int64(n) > pageSize || off > math.MaxInt64-int64(n) {
		return nil
	}
	start := int(off % pageSize)
	page := o.pages[off/pageSize]
	if start+n > len(page) {
		if !grow {
			return nil
		}
		var err error
		if page, err = o.grow(off/pageSize, start+n); err != nil {
			return nil
		}
	}
	o.size = max(o.size, off+int64(n))
	return page[start : start+n : start+n]
}

// grow returns the page of that index, of at least n bytes.
func (o *object) grow(index int64, n int) ([]byte, error) {
	page := o.pages[index]
	if n <= len(page) {
		return page, nil
	}
	if n > cap(page) {
		size := minPage
		for size < n {
			size *= 2
		}
		more := uint64(size - cap(page))
		if !o.store.budget.TryReserve(more) {
			return nil, fmt.Errorf("store/mem: write of %d bytes: %w", n, store.ErrBudget)
		}
		o.cost += more
		page = append(make([]byte, 0, size), page...)
	}
	page = page[:n]
	o.pages[index] = page
	return page, nil
}

// Truncate implements [store.Object].
func (o *object) Truncate(size int64) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state != staged {
		return fmt.Errorf("store/mem: truncate: %w", store.ErrClosed)
	}
	if size < 0 {
		return fmt.Errorf("store/mem: truncate to %d: negative size", size)
	}
	o.size = size
	for index, page := range o.pages {
		if rest := size - index*pageSize; rest > 0 {
			clear(page[min(rest, int64(len(page))):])
			continue
		}
		delete(o.pages, index)
		o.cost -= uint64(cap(page))
		o.store.budget.Release(uint64(cap(page)))
	}
	return nil
}

// Sync implements [store.Object]. Memory is as durable as it will ever be.
func (o *object) Sync() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state != staged {
		return fmt.Errorf("store/mem: sync: %w", store.ErrClosed)
	}
	return nil
}

// Discard implements [store.Object].
func (o *object) Discard() error {
	o.store.discard(o)
	return nil
}

// publish makes o immutable. Bytes that were never written are paid for now, since whoever gets the file receives them.
func (o *object) publish() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state != staged {
		return store.ErrClosed
	}
	if size := uint64(o.size); size > o.cost {
		if !o.store.budget.TryReserve(size - o.cost) {
			return store.ErrBudget
		}
		o.cost = size
	}
	o.state = published
	return nil
}

// length returns the number of bytes.
func (o *object) length() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.size
}

// bytes returns a copy of all bytes of a published object; none if it is not published.
func (o *object) bytes() []byte {
	b := make([]byte, o.length())
	n, _, _ := o.readIn(published, b, 0)
	return b[:n]
}

// readPublished copies bytes of a published object, whose size it returns.
func (o *object) readPublished(p []byte, off int64) (n int, size uint64, err error) {
	if off < 0 {
		return 0, 0, fmt.Errorf("store/mem: read at %d: negative offset", off)
	}
	n, length, ok := o.readIn(published, p, off)
	switch {
	case !ok:
		return 0, 0, fmt.Errorf("store/mem: read: %w", fs.ErrNotExist)
	case n < len(p):
		err = io.EOF
	}
	return n, uint64(length), err
}

// free frees o if it is in state from.
func (o *object) free(from state) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state == from {
		o.store.budget.Release(o.cost)
		o.state, o.pages = freed, nil
	}
}
