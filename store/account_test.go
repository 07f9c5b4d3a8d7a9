package store

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
)

// check compares what b says of its memory with the memory that it holds.
func (b *Buffer) check(t *testing.T) {
	t.Helper()
	var held, queued uint64
	for i, p := range b.pages {
		held += cost(len(p.bytes))
		if i > 0 && p.index <= b.pages[i-1].index {
			t.Fatalf("page %d follows page %d", p.index, b.pages[i-1].index)
		}
	}
	add := func(chunks []chunk) (size uint64) {
		for _, c := range chunks {
			switch {
			case c.page != nil:
				held += cost(len(c.page.bytes))
				size += uint64(len(c.page.bytes))
			case c.cost > 0:
				size += uint64(len(c.bytes))
			}
		}
		return size
	}
	queued = add(b.queue)
	waiting := queued
	if b.tail != nil {
		waiting += add(b.tail.chunks)
	}
	if b.held != held || b.queued != queued || b.Waiting() != waiting {
		t.Fatalf("pages of %d bytes, want %d; %d bytes queued, want %d; %d wait, want %d", b.held, held, b.queued,
			queued, b.Waiting(), waiting)
	}
}

// TestAccount: a Buffer knows at any time what its pages cost and how much memory waits to be written.
func TestAccount(t *testing.T) {
	for seed := range uint64(30) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		root := NewBudget(1<<30, nil)
		b := NewBuffer(NewBudget(1<<30, root))
		b.Gather((1 + int(seed)%8) * pageSize)
		for range 300 {
			switch rnd.IntN(20) {
			case 0:
				b.FlushBefore(int64(rnd.IntN(8 * pageSize)))
			case 1:
				if b.tail == nil {
					b.Take().Release()
				}
			case 2, 3:
				if b.tail == nil {
					b.Begin()
				} else {
					b.End(b.tail)
				}
			case 4:
				if _, err := b.WriteAt(make([]byte, pageSize), int64(rnd.IntN(8))*pageSize); err != nil {
					t.Fatal(err)
				}
			default: // small ones at the beginning make the first page grow
				off := min(rnd.IntN(8*pageSize), rnd.IntN(8*pageSize), rnd.IntN(8*pageSize))
				if _, err := b.WriteAt(make([]byte, 1+rnd.IntN(1400)), int64(off)); err != nil {
					t.Fatal(err)
				}
			}
			b.check(t)
			if n := int(root.pages.idle.Load()); n != len(root.pages.free) {
				t.Fatalf("%d idle pages, and %d are told", len(root.pages.free), n)
			}
		}
		tail := b.tail
		b.Release()
		tail.Release()
		if root.Used() != 0 {
			t.Fatalf("%d bytes are charged at the end", root.Used())
		}
		root.TryReserve(1<<30 - 3*cost(pageSize))
		if n := int(root.pages.idle.Load()); n != len(root.pages.free) || n > 3 {
			t.Fatalf("%d idle pages beside what is reserved, and %d are told", len(root.pages.free), n)
		}
	}
}

// TestUnpaid: beyond the budget a Buffer takes maxUnpaid bytes and none more, until all is written; nobody is short
// any more when the budget has room again.
func TestUnpaid(t *testing.T) {
	budget := NewBudget(1<<20, nil)
	budget.TryReserve(1 << 20)
	b := NewBuffer(budget)
	for range 2 {
		if n, err := b.WriteAt(make([]byte, maxUnpaid), pageSize); n != maxUnpaid || err != nil {
			t.Fatalf("%d bytes, %v", n, err)
		}
		if !b.IsShort() {
			t.Error("not short beyond the budget")
		}
		if n, err := b.WriteAt([]byte{1}, 0); n != 0 || !errors.Is(err, ErrBudget) {
			t.Errorf("one byte more: %d, %v", n, err)
		}
		b.End(b.Begin())
	}
	budget.Release(1 << 20)
	if _, err := b.WriteAt(make([]byte, pageSize), 0); err != nil || b.IsShort() {
		t.Errorf("short though the budget has room: %v", err)
	}
}

// TestHoldsBounds: a byte beside those that a Buffer holds is not held, wherever they are on their way.
func TestHoldsBounds(t *testing.T) {
	const off, n = 3*pageSize - 10, 20 // in two pages
	b := NewBuffer(nil)
	if _, err := b.WriteAt(make([]byte, pageSize), 100*pageSize); err != nil { // it pays for two pages
		t.Fatal(err)
	}
	b.End(b.Begin())
	if _, err := b.WriteAt(make([]byte, n), off); err != nil || len(b.pages) != 2 {
		t.Fatal(err, len(b.pages))
	}
	for _, way := range []struct {
		name string
		step func()
	}{
		{"in pages", func() {}},
		{"queued", b.Flush},
		{"being written", func() { b.Begin() }},
	} {
		way.step()
		for _, c := range []struct {
			off  int64
			n    int
			want bool
		}{
			{off - 1, 1, false},
			{off - 1, 2, true},
			{off, 1, true},
			{off + n - 1, 1, true},
			{off + n, 1, false},
			{off - 5, 5, false},
			{0, off, false},
			{0, off + 1, true},
			{off + n, pageSize * 9, false},
			{off, 0, false},
		} {
			if got := b.Holds(c.off, c.n); got != c.want {
				t.Errorf("%s: %d bytes at %d of %d at %d: %v", way.name, c.n, c.off, n, off, got)
			}
		}
	}
}

// TestPeekOutOfOrder: what is not held is told in order, in whatever order the rest came and left its page.
func TestPeekOutOfOrder(t *testing.T) {
	b := NewBuffer(nil)
	for _, c := range []struct{ page, from, to int64 }{
		{2, 0, pageSize}, {0, 0, pageSize}, {3, 5, 10}, {1, 20, 30}, {1, 10, 15}, {4, 0, pageSize},
	} {
		if _, err := b.WriteAt(make([]byte, c.to-c.from), c.page*pageSize+c.from); err != nil {
			t.Fatal(err)
		}
	}
	before := []Span{{9, 9}}
	want := []Span{
		{9, 9},
		{pageSize, 10},
		{pageSize + 15, 5},
		{pageSize + 30, pageSize - 30},
		{3 * pageSize, 5},
		{3*pageSize + 10, pageSize - 10},
		{5 * pageSize, 7},
	}
	if gaps := b.Peek(make([]byte, 5*pageSize+7), 0, before); !slices.Equal(gaps, want) {
		t.Errorf("%v\nwant %v", gaps, want)
	}
}
