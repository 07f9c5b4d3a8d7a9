package store

import (
	"bytes"
	"io"
	"testing"
)

// target is an Object in memory that counts its writes.
type target struct {
	bytes  []byte
	writes int
}

func (o *target) WriteAt(p []byte, off int64) (int, error) {
	o.writes++
	return copy(o.bytes[off:], p), nil
}

// drain writes what b wants written.
func (o *target) drain(t *testing.T, b *Buffer) {
	t.Helper()
	if tail := b.Begin(); tail != nil {
		if err := tail.Write(o); err != nil {
			t.Fatal(err)
		}
		b.End(tail)
	}
}

var _ io.WriterAt = (*target)(nil)

// TestThin: where many objects have pages, those with a quarter of their bytes are written in between, so that few are
// out; one that is written in parts goes with its last bytes. What comes twice, or before what was written, is not
// lost.
func TestThin(t *testing.T) {
	const objects, burst, size = freePages + 200, 23800, 3*pageSize + 100
	root := NewBudget(1<<30, nil)
	want := make([]byte, size)
	for i := range want {
		want[i] = byte(i ^ i>>8)
	}
	buffers, targets := make([]*Buffer, objects), make([]target, objects)
	for i := range buffers {
		buffers[i], targets[i].bytes = NewBuffer(root), make([]byte, size)
	}
	for end := burst; end < size+2*burst; end += burst {
		for i, b := range buffers {
			to := min(max(end-i*1013%burst, 0), size) // they do not go in step
			from := min(max(end-i*1013%burst-burst, 0), to)
			if _, err := b.WriteAt(want[from:to], int64(from)); err != nil {
				t.Fatal(err)
			}
			if again := from - burst - 9; i%50 == 0 && again > 0 { // and what comes before what is written
				if _, err := b.WriteAt(want[again:from], int64(again)); err != nil {
					t.Fatal(err)
				}
			}
			targets[i].drain(t, b)
			b.Thin()
			targets[i].drain(t, b)
		}
		if n := root.pages.out.Load(); end <= size && n > freePages+objects/4 {
			t.Errorf("%d pages are out after %d bytes of %d objects", n, end, objects)
		}
	}
	for i, b := range buffers {
		b.Flush()
		targets[i].drain(t, b)
		if !bytes.Equal(targets[i].bytes, want) {
			t.Fatalf("object %d is not what came", i)
		}
		if b.Release(); len(b.pages) > 0 {
			t.Fatal("pages are left")
		}
	}
	if n := root.pages.out.Load(); n != 0 || root.Used() != 0 {
		t.Errorf("%d pages are out, %d bytes used", n, root.Used())
	}
}

// TestThinLeavesFew: without many pages nothing is written early.
func TestThinLeavesFew(t *testing.T) {
	b := NewBuffer(NewBudget(1<<30, nil))
	if _, err := b.WriteAt(make([]byte, pageSize-1), 0); err != nil {
		t.Fatal(err)
	}
	if b.Thin(); b.HasTail() {
		t.Error("it is written")
	}
	b.Release()
}

// TestThinnedPageThatGrows: the first page of an object is a small one, also when it is opened again. It goes with its
// last bytes all the same.
func TestThinnedPageThatGrows(t *testing.T) {
	root := NewBudget(1<<30, nil)
	b, o := NewBuffer(root), target{bytes: make([]byte, pageSize)}
	root.pages.out.Store(freePages)
	write := func(from, to int) {
		t.Helper()
		if _, err := b.WriteAt(make([]byte, to-from), int64(from)); err != nil {
			t.Fatal(err)
		}
	}
	write(0, thinPage)
	b.Thin()
	o.drain(t, b)
	write(100, 200)
	if write(200, pageSize); o.writes != 1 || len(b.pages) > 0 || !b.HasTail() {
		t.Errorf("%d writes, and %d pages that wait", o.writes, len(b.pages))
	}
	b.Release()
}
