package mem_test

import (
	"math"
	"testing"

	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/mem"
)

type lender interface {
	Window(off int64, n int, grow bool) []byte
}

// TestWindow: what is put into a window is in the object. There is none that crosses pages, that nobody pays for, or of
// an object that is not staged any more.
func TestWindow(t *testing.T) {
	const page = 64 << 10
	budget := store.NewBudget(4*page, nil)
	st := mem.NewWithBudget(budget)
	o := create(t, st, "")
	w := o.(lender)
	if w.Window(page, 10, false) != nil || budget.Used() != 0 {
		t.Error("there is memory though nothing was written")
	}
	b := w.Window(page, page, true)
	if len(b) != page || cap(b) != page || budget.Used() != page {
		t.Fatalf("window of %d bytes for %d bytes of the budget", len(b), budget.Used())
	}
	copy(b, "window")
	if _, err := o.WriteAt([]byte("dow and"), page+3); err != nil {
		t.Fatal(err)
	}
	again := w.Window(page+1, 20, false)
	copy(again[9:], "write")
	got := make([]byte, 15)
	if _, err := o.ReadAt(got, page); err != nil || string(got) != "window andwrite" {
		t.Errorf("%q, %v", got, err)
	}
	for _, c := range []struct {
		off int64
		n   int
	}{{page - 1, 2}, {-1, 1}, {0, 0}, {page, 0}, {page, -1}, {0, page + 1}, {math.MaxInt64 - 5, 10}} {
		if w.Window(c.off, c.n, true) != nil {
			t.Errorf("window of %d bytes at %d", c.n, c.off)
		}
	}
	if b := w.Window(page, page, false); len(b) != page {
		t.Errorf("a window of a whole page that is there has %d bytes", len(b))
	}
	for _, off := range []int64{-1, math.MaxInt64} {
		if n, err := o.WriteAt([]byte("x"), off); n != 0 || err == nil {
			t.Errorf("write at %d: %d bytes, %v", off, n, err)
		}
	}
	if b := w.Window(page, 1, true); len(b) != 1 {
		t.Errorf("a window of one byte has %d", len(b))
	}
	if n, err := o.ReadAt(got, -1); n != 0 || err == nil {
		t.Errorf("read before the beginning: %d bytes, %v", n, err)
	}
	if n, err := o.ReadAt(got, 0); n != len(got) || err != nil {
		t.Errorf("read from the beginning: %d bytes, %v", n, err)
	}
	for i := range int64(3) {
		if w.Window((2+i)*page, page, true) == nil {
			t.Errorf("no window in page %d, though the budget has room for it", 2+i)
		}
	}
	if w.Window(5*page, 1, true) != nil {
		t.Error("a window that nobody has paid for")
	}
	if err := o.Truncate(4 * page); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Publish(o, "a"); err != nil {
		t.Fatal(err)
	}
	if w.Window(page, 10, true) != nil {
		t.Error("a published object can be changed")
	}
	if file, _ := st.Get("a"); len(file) != 4*page || string(file[page:page+15]) != "window andwrite" {
		t.Errorf("%d bytes: %q", len(file), file[page:page+15])
	}
}
