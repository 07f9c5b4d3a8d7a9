package mem_test

import (
	"errors"
	"io/fs"
	"math"
	"testing"

	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/mem"
	"github.com/flute-node/flute-node/store/names"
)

// TestLastByte: an object ends where offsets do; its last byte can be written and read, the one behind it cannot.
func TestLastByte(t *testing.T) {
	const page = 64 << 10
	for _, c := range []struct {
		off int64
		n   int
		ok  bool
	}{
		{-1, 1, false},
		{math.MaxInt64 - 1, 1, true},
		{math.MaxInt64, 1, false},
		{math.MaxInt64 - 10, 10, true},
		{math.MaxInt64 - 9, 10, false},
	} {
		o := create(t, mem.New(), "")
		if b := o.(lender).Window(c.off, c.n, true); (b != nil) != c.ok {
			t.Errorf("a window of %d bytes at %d: %d bytes", c.n, c.off, len(b))
		}
		o = create(t, mem.New(), "")
		p := make([]byte, c.n)
		p[c.n-1] = 'x'
		if n, err := o.WriteAt(p, c.off); (err == nil) != c.ok || (n == c.n) != c.ok {
			t.Errorf("write of %d bytes at %d: %d, %v", c.n, c.off, n, err)
		}
		if b := create(t, mem.New(), "").(lender).Window(0, c.n, true); len(b) != c.n {
			t.Errorf("a window of %d bytes at the beginning: %d bytes", c.n, len(b))
		}
		p = make([]byte, page)
		if n, _ := o.ReadAt(p, math.MaxInt64-1); (n == 1 && p[0] == 'x') != c.ok {
			t.Errorf("write of %d bytes at %d: %d bytes at the end: %q", c.n, c.off, n, p[0])
		}
	}
}

// TestTruncatedPages: what Truncate cuts off is charged no more, page by page: the page that the end lies in stays.
func TestTruncatedPages(t *testing.T) {
	const page = 64 << 10
	for size, want := range map[int64]uint64{
		3 * page: 3 * page, 2*page + 1: 3 * page, 2 * page: 2 * page, 2*page - 1: 2 * page, 1: page, 0: 0,
	} {
		budget := store.NewBudget(1<<20, nil)
		o := create(t, mem.NewWithBudget(budget), string(make([]byte, 3*page)))
		if err := o.Truncate(size); err != nil || budget.Used() != want {
			t.Errorf("%d bytes are left, and %d charged, want %d; %v", size, budget.Used(), want, err)
		}
	}
}

// TestRemove: a file is removed once, its memory is free then, and its name, too.
func TestRemove(t *testing.T) {
	budget := store.NewBudget(1<<20, nil)
	st := mem.NewWithBudget(budget)
	if _, err := st.Publish(create(t, st, "x"), "d/a"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		was  bool
	}{{"d", false}, {"b", false}, {"d/a", true}, {"d/a", false}} {
		if was := st.Remove(c.name); was != c.was {
			t.Errorf("Remove(%q) = %v", c.name, was)
		}
	}
	if _, ok := st.Get("d/a"); ok || budget.Used() != 0 || len(st.Files()) != 0 {
		t.Errorf("%q are left, and %d bytes charged", st.Files(), budget.Used())
	}
	if moved, size, err := st.Move("d/a", nil); moved || size != 0 || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("moved what is not there: %v, %d bytes, %v", moved, size, err)
	}
}

// TestNameBelowAFile: where a part of the path is a file that nobody has claimed, the name goes around it.
func TestNameBelowAFile(t *testing.T) {
	st := mem.New()
	if _, err := st.Publish(create(t, st, "x"), "d/e"); err != nil {
		t.Fatal(err)
	}
	r := st.Names().(*names.Registry)
	for location, plain := range map[string]bool{"d/e/f": false, "d/e/f/g": false, "d/f/g": true, "e/f": true} {
		c, err := r.Claim("", location, "s")
		if err != nil || (c.Name == location) != plain {
			t.Errorf("%q: %+v, %v", location, c, err)
		}
		if _, err := st.Publish(create(t, st, "y"), c.Name); err != nil {
			t.Errorf("%q: %v", location, err)
		}
	}
}

// TestSparseFile: bytes that were never written are paid for when a file is published, and given back with it.
func TestSparseFile(t *testing.T) {
	budget := store.NewBudget(1<<20, nil)
	st := mem.NewWithBudget(budget)
	o := create(t, st, "")
	if _, err := o.WriteAt([]byte("x"), 499_999); err != nil {
		t.Fatal(err)
	}
	before := budget.Used()
	if _, err := st.Publish(o, "a"); err != nil {
		t.Fatal(err)
	}
	if budget.Used() != 500_000 || before >= 500_000 {
		t.Errorf("%d bytes are charged, %d before", budget.Used(), before)
	}
	if st.Remove("a"); budget.Used() != 0 {
		t.Errorf("%d bytes are charged for nothing", budget.Used())
	}
}
