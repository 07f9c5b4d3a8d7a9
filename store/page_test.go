package store

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestPageRuns compares the runs of a page with a set of bytes.
func TestPageRuns(t *testing.T) {
	for seed := range uint64(50) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		var have [1000]bool
		p := &page{}
		for range 300 {
			start := rnd.IntN(len(have) - 1)
			end := start + 1 + rnd.IntN(min(20, len(have)-start))
			end = min(end, len(have))
			p.add(uint32(start), uint32(end))
			for i := start; i < end; i++ {
				have[i] = true
			}
			var got [1000]bool
			last := -1
			for _, r := range p.runs {
				if int(r.start) <= last || r.start >= r.end {
					t.Fatalf("seed %d: runs %v are not in order or touch", seed, p.runs)
				}
				last = int(r.end)
				for i := r.start; i < r.end; i++ {
					got[i] = true
				}
			}
			if got != have {
				t.Fatalf("seed %d: runs %v are wrong after %d-%d", seed, p.runs, start, end)
			}
		}
	}
}

// TestPagePool: idle pages are taken again, and give way to what is reserved.
func TestPagePool(t *testing.T) {
	root := NewBudget(1<<20, nil)
	b := NewBudget(1<<62, root)
	p := b.takePage(pageSize)
	b.putPage(p)
	if n := len(root.pages.free); n != 1 || root.Used() != 0 {
		t.Fatalf("%d idle pages, %d bytes used", n, root.Used())
	}
	if q := b.takePage(pageSize); q != p {
		t.Error("an idle page was not used again")
	}
	b.putPage(p)
	if !root.TryReserve(1 << 20) {
		t.Fatal("an idle page stands in the way of a reservation")
	}
	if n := len(root.pages.free); n != 0 {
		t.Errorf("%d idle pages beside a budget that is spent", n)
	}
	if b.takePage(pageSize) != nil {
		t.Error("a page beyond the budget")
	}
	root.Release(1 << 20)

	var pages []*page
	big := NewBudget(1<<62, nil)
	for range 2 * idlePages {
		pages = append(pages, big.takePage(pageSize))
	}
	for _, p := range pages {
		big.putPage(p)
	}
	if n := len(big.pages.free); n != idlePages {
		t.Errorf("%d idle pages, want at most %d", n, idlePages)
	}
}

// TestPageOfAnother: a page that another object had, of any size, shows and writes nothing of that.
func TestPageOfAnother(t *testing.T) {
	budget := NewBudget(1<<62, nil)
	for size := leastPage; size <= pageSize; size *= 2 {
		for range 8 { // a sync.Pool may lose some
			p := budget.takePage(size)
			p.runs = append(p.runs, run{0, uint32(size)})
			for i := range p.bytes {
				p.bytes[i] = 0xdd
			}
			budget.putPage(p)
		}
	}
	for size := leastPage; size <= pageSize; size *= 2 {
		if sizeFor(0, uint32(size)) != size {
			continue // no page has it
		}
		b := NewBuffer(budget)
		n := size / 8
		for _, off := range []int{1, 3 * n, size - n} { // the last one takes a page of this size
			if _, err := b.WriteAt(bytes.Repeat([]byte{byte(size)>>6 | 1}, n), int64(off)); err != nil {
				t.Fatal(err)
			}
		}
		if len(b.pages) != 1 || len(b.pages[0].bytes) != size {
			t.Errorf("%d bytes: there is no page of this size", size)
		}
		got := make([]byte, size)
		gaps := b.Peek(got, 0, nil)
		tail := b.Take()
		for _, c := range tail.chunks {
			if len(c.bytes) != n || bytes.IndexByte(c.bytes, 0xdd) >= 0 {
				t.Errorf("%d bytes: %x is written at %d", size, c.bytes, c.off)
			}
		}
		if len(gaps) != 3 || len(tail.chunks) != 3 || bytes.IndexByte(got, 0xdd) >= 0 {
			t.Errorf("%d bytes: gaps %v, %d chunks", size, gaps, len(tail.chunks))
		}
		tail.Release()
	}
	if n := budget.Used(); n != 0 {
		t.Errorf("%d bytes are charged at the end", n)
	}
}

// TestPageSizes: the first page of an object is as large as it must be, and costs so much; all others have full size.
func TestPageSizes(t *testing.T) {
	for _, c := range []struct {
		index int64
		end   uint32
		size  int
		runs  int // room for intervals
	}{
		{0, 1, leastPage, tinyRuns},
		{0, leastPage, leastPage, tinyRuns},
		{0, leastPage + 1, 2 * leastPage, tinyRuns},
		{0, 1025, tinyPage, tinyRuns},
		{0, tinyPage, tinyPage, tinyRuns},
		{0, tinyPage + 1, smallPage, maxRuns},
		{0, smallPage, smallPage, maxRuns},
		{0, smallPage + 1, pageSize, maxRuns},
		{1, 1, pageSize, maxRuns},
	} {
		size := sizeFor(c.index, c.end)
		overhead := uint64(pageOverhead)
		if c.runs == tinyRuns {
			overhead = tinyOverhead
		}
		if size != c.size || cost(size) != uint64(size)+overhead {
			t.Errorf("%d bytes of page %d: %d bytes, which cost %d", c.end, c.index, size, cost(size))
		}
		p := page{bytes: make([]byte, size)}
		for p.hasRun() {
			p.add(uint32(2*len(p.runs)), uint32(2*len(p.runs)+1))
		}
		if len(p.runs) != c.runs {
			t.Errorf("a page of %d bytes has room for %d intervals, want %d", size, len(p.runs), c.runs)
		}
	}
}

// TestIdlePages: pages are kept up to their number, and as long as they fit with what is used.
func TestIdlePages(t *testing.T) {
	const room = 3
	root := NewBudget(room*cost(pageSize), nil)
	var pages []*page
	for range room {
		pages = append(pages, root.takePageFor(t))
	}
	for i, p := range pages {
		root.putPage(p)
		if n := len(root.pages.free); n != i+1 {
			t.Errorf("%d idle pages of %d", n, i+1)
		}
	}
	for used, want := range []int{3, 2, 2} {
		if used > 0 && !root.TryReserve(1) {
			t.Fatal("no room")
		}
		if n := len(root.pages.free); n != want {
			t.Errorf("%d idle pages beside %d bytes, want %d", n, used, want)
		}
	}
	large := NewBudget(1<<40, nil)
	for range idlePages + 1 {
		large.pages.put(&page{}, large)
	}
	if n := len(large.pages.free); n != idlePages {
		t.Errorf("%d idle pages, want %d", n, idlePages)
	}
}

// takePageFor takes a page as if nothing of the budget were kept from pages.
func (b *Budget) takePageFor(t *testing.T) *page {
	t.Helper()
	if !b.TryReserve(cost(pageSize)) {
		t.Fatal("no room")
	}
	return &page{bytes: make([]byte, pageSize)}
}

// TestShortOfPages: a Buffer that gets no page for want of memory is short, though each write still finds room. One
// that does not deserve a page yet is not.
func TestShortOfPages(t *testing.T) {
	b := NewBuffer(NewBudget(80_000, nil))
	short := 0
	for n := 1; n <= 10; n++ {
		if _, err := b.WriteAt(make([]byte, 1400), int64(pageSize+1400*n)); err != nil {
			t.Fatal(err)
		}
		if b.IsShort() && short == 0 {
			short = n
		}
	}
	if want := int(cost(pageSize)+1400*pageWorth-1) / (1400 * pageWorth); short != want {
		t.Errorf("short from write %d on, want %d", short, want)
	}
	b.Release()
	if used := b.budget.Used(); used != 0 {
		t.Errorf("%d bytes are charged after the end", used)
	}
}

// TestGather: no more is held than was said, one page at least.
func TestGather(t *testing.T) {
	for n, want := range map[int]int{0: 1, 1: 1, 2*pageSize - 1: 1, 2 * pageSize: 2} {
		b := NewBuffer(nil)
		b.Gather(n)
		for i := range int64(5) {
			if _, err := b.WriteAt(make([]byte, pageSize-1), i*pageSize); err != nil {
				t.Fatal(err)
			}
		}
		if len(b.pages) != want {
			t.Errorf("Gather(%d): %d pages are held, want %d", n, len(b.pages), want)
		}
		b.Release()
	}
}

// TestGatherWithoutRoom: a Buffer that was to gather much, and for whose next page there is no memory, has the oldest
// ones written, down to those that each may hold. Once they are, what comes gathers again.
func TestGatherWithoutRoom(t *testing.T) {
	const room = 3 * defaultPages // of which pages may be three quarters
	b := NewBuffer(NewBudget(room*cost(pageSize), nil))
	b.Gather(room * pageSize)
	index, written := int64(0), 0
	next := func() { // a page with a hole
		if _, err := b.WriteAt(make([]byte, pageSize-1), index*pageSize); err != nil {
			t.Fatal(err)
		}
		index++
	}
	for !b.IsShort() {
		next()
		if index > room {
			t.Fatal("the memory has no end")
		}
	}
	for range 2 * room {
		for tail := b.Begin(); tail != nil; tail = b.Begin() {
			written += len(tail.chunks)
			b.End(tail)
		}
		next()
		if len(b.pages) > defaultPages {
			t.Fatalf("%d pages are held when memory is short", len(b.pages))
		}
	}
	if most := int(index) - defaultPages; written > most || b.IsShort() {
		t.Errorf("%d writes of %d pages, still short: %v", written, most, b.IsShort())
	}
	b.Release()
	if used := b.budget.Used(); used != 0 {
		t.Errorf("%d bytes are charged after the end", used)
	}
}
