package store

import (
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
)

// The sizes of the write-combining cache.
const (
	// pageSize is how many bytes of an object a Buffer gathers before it writes them: a power of two. Writes of 64 KiB
	// cost a third of the processor time that writes of single symbols do.
	pageSize     = 1 << log2PageSize
	log2PageSize = 16
	// smallPage is what the first page of an object becomes before it has full size. Sessions with very many objects
	// have small ones.
	smallPage = 8 << 10
	// leastPage and tinyPage bound the size of the first page of an object when it is made: a power of two. Every
	// object may have a page of leastPage, so that a file of some bytes need not be written when its packet comes.
	leastPage     = 1 << log2LeastPage
	log2LeastPage = 6
	tinyPage      = 2 << 10
	// maxRuns bounds the intervals of one page, tinyRuns those of one up to tinyPage. Symbols of 64 bytes in random
	// order stay below maxRuns for half of a page.
	maxRuns  = 256
	tinyRuns = 4
	// pageOverhead and tinyOverhead are charged for a page besides its bytes: its intervals and the page itself.
	pageOverhead = maxRuns*8 + 128
	tinyOverhead = tinyRuns*8 + 96
	// pageWorth is how many bytes of pages one byte of an object pays for. A byte here and a byte there must not hold a
	// page each; a symbol of ordinary length pays for the small page, six for a large one.
	pageWorth = 10
	// idlePages bounds the free list: 16 MiB.
	idlePages = 256
	// pageReserve keeps a quarter (2^-2) of each budget from being spent on pages. They are a convenience: whoever
	// lacks one writes through. The bookkeeping of a receiver has no such way out.
	pageReserve = 2
)

// run is an interval of a page: from start up to, not including, end.
type run struct{ start, end uint32 }

// page holds bytes of one object between index*pageSize and the next multiple of pageSize.
type page struct {
	index int64
	age   uint64 // number of pages that the Buffer had opened before
	bytes []byte // of a length that pageSize returns
	runs  []run  // which bytes are valid: in order, neither empty nor adjacent nor overlapping
}

// full reports whether all bytes are valid.
func (p *page) full() bool { return len(p.runs) == 1 && p.runs[0] == run{0, pageSize} }

// add marks bytes from start up to end valid.
func (p *page) add(start, end uint32) {
	n := len(p.runs)
	switch {
	case n == 0 || p.runs[n-1].end < start:
		p.runs = append(p.runs, run{start, end})
		return
	case p.runs[n-1].end == start:
		p.runs[n-1].end = end
		return
	}
	// The runs from first up to last touch the new one and become part of it.
	first, _ := slices.BinarySearchFunc(p.runs, start, func(r run, start uint32) int { return int(r.end) - int(start) })
	last := first
	for last < n && p.runs[last].start <= end {
		last++
	}
	if first == last {
		p.runs = slices.Insert(p.runs, first, run{start, end})
		return
	}
	p.runs[first] = run{min(start, p.runs[first].start), max(end, p.runs[last-1].end)}
	p.runs = slices.Delete(p.runs, first+1, last)
}

// hasRun reports whether there is room for one more interval.
func (p *page) hasRun() bool {
	if len(p.bytes) <= tinyPage {
		return len(p.runs) < tinyRuns
	}
	return len(p.runs) < maxRuns
}

// cost is what a page of size bytes is charged.
func cost(size int) uint64 {
	if size <= tinyPage {
		return uint64(size) + tinyOverhead
	}
	return uint64(size) + pageOverhead
}

// sizeFor returns the size of a page that has room for end bytes.
func sizeFor(index int64, end uint32) int {
	switch {
	case index == 0 && end <= tinyPage:
		return max(leastPage, 1<<bits.Len32(end-1))
	case index == 0 && end <= smallPage:
		return smallPage
	}
	return pageSize
}

// takePage returns an empty page of a size that sizeFor returns, or nil when the budget does not permit it.
func (b *Budget) takePage(size int) *page {
	if !b.reserve(cost(size), pageReserve) {
		return nil
	}
	var p *page
	if size == pageSize {
		p = b.root.pages.take()
	} else {
		p, _ = b.root.pages.less(size).Get().(*page)
	}
	if p == nil {
		p = &page{bytes: make([]byte, size)}
	}
	return p
}

// putPage gives a page back.
func (b *Budget) putPage(p *page) {
	b.Release(cost(len(p.bytes)))
	p.runs = p.runs[:0]
	if len(p.bytes) == pageSize {
		b.root.pages.put(p, b.root)
	} else {
		b.root.pages.less(len(p.bytes)).Put(p)
	}
}

// pagePool is the free list of pages below a root budget. Its pages are not part of the budget's used bytes, and give
// way when those need the room.
type pagePool struct {
	idle atomic.Int64 // len(free)
	mu   sync.Mutex
	free []*page

	// lesser has pages below pageSize, by size: each of many small files has one. They are garbage, and go with it.
	lesser [log2PageSize - log2LeastPage]sync.Pool
}

// less returns the pool of pages of a size below pageSize.
func (pp *pagePool) less(size int) *sync.Pool {
	return &pp.lesser[bits.TrailingZeros(uint(size))-log2LeastPage]
}

func (pp *pagePool) take() *page {
	pp.mu.Lock()
	defer pp.mu.Unlock()
	n := len(pp.free)
	if n == 0 {
		return nil
	}
	p := pp.free[n-1]
	pp.free[n-1] = nil
	pp.free = pp.free[:n-1]
	pp.idle.Store(int64(n - 1))
	return p
}

func (pp *pagePool) put(p *page, root *Budget) {
	pp.mu.Lock()
	defer pp.mu.Unlock()
	if n := len(pp.free); n < idlePages && pp.fits(root, n+1) {
		pp.free = append(pp.free, p)
		pp.idle.Store(int64(n + 1))
	}
}

// yield lets pages go until what is used and what is idle fit the limit together.
func (pp *pagePool) yield(root *Budget) {
	if n := pp.idle.Load(); n == 0 || pp.fits(root, int(n)) {
		return
	}
	pp.mu.Lock()
	defer pp.mu.Unlock()
	n := len(pp.free)
	for n > 0 && !pp.fits(root, n) {
		n--
		pp.free[n] = nil
	}
	pp.free = pp.free[:n]
	pp.idle.Store(int64(n))
}

// fits reports whether n idle pages and the used bytes stay within the limit.
func (pp *pagePool) fits(root *Budget, n int) bool {
	used := root.used.Load()
	return used <= root.limit && root.limit-used >= uint64(n)*cost(pageSize)
}
