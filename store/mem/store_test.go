package mem_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/mem"
	"github.com/flute-node/flute-node/store/names"
	"github.com/flute-node/flute-node/store/storetest"
)

func create(t *testing.T, st *mem.Store, content string) store.Object {
	t.Helper()
	o, err := st.Create(uint64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.WriteAt([]byte(content), 0); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) (store.Store, storetest.Read) {
		st := mem.New()
		return st, func(path string) ([]byte, error) {
			if b, ok := st.Get(path); ok {
				return b, nil
			}
			return nil, fs.ErrNotExist
		}
	})
}

// TestPublished: what is published is listed, and charged to the budget, until it is taken or replaced.
func TestPublished(t *testing.T) {
	budget := store.NewBudget(1<<20, nil)
	st := mem.NewWithBudget(budget)
	for _, step := range []struct{ name, content string }{{"a", "one"}, {"a", "two"}, {"d/e/f", "three"}, {
		"d/e/g", "four",
	}} {
		if _, err := st.Publish(create(t, st, step.content), step.name); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := st.Publish(create(t, st, "x"), "d"); !errors.Is(err, store.ErrName) {
		t.Errorf("a file for a folder: %v", err)
	}
	if n := st.Staged(); n != 1 {
		t.Errorf("%d objects staged, want 1", n)
	}
	if diff := cmp.Diff([]string{"a", "d/e/f", "d/e/g"}, st.Files()); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	used := budget.Used()
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if n := st.Staged(); n != 0 || budget.Used() >= used || budget.Used() == 0 {
		t.Errorf("after Close %d objects staged, %d bytes used of %d", n, budget.Used(), used)
	}
	for _, name := range st.Files() {
		if _, ok := st.Take(name); !ok {
			t.Errorf("Take(%q) = false", name)
		}
		if _, ok := st.Take(name); ok {
			t.Errorf("%q is taken twice", name)
		}
	}
	if budget.Used() != 0 {
		t.Errorf("%d bytes reserved for nothing", budget.Used())
	}
}

// TestFolderNoMore: a folder without files is none.
func TestFolderNoMore(t *testing.T) {
	st := mem.New()
	if _, err := st.Publish(create(t, st, "x"), "d/e"); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Publish(create(t, st, "x"), "d/f"); err != nil {
		t.Fatal(err)
	}
	_, _ = st.Take("d/e")
	if _, err := st.Publish(create(t, st, "x"), "d"); !errors.Is(err, store.ErrName) {
		t.Errorf("a file is left: %v", err)
	}
	_, _ = st.Take("d/f")
	if _, err := st.Publish(create(t, st, "x"), "d"); err != nil {
		t.Error(err)
	}
}

// TestReadAt: a file that was published reads as an io.ReaderAt does, with its length; what is not there is an error.
func TestReadAt(t *testing.T) {
	st := mem.New()
	if _, err := st.Publish(create(t, st, "content"), "a"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		off  int64
		n    int
		want string
		err  error
	}{
		{"a", 0, 7, "content", nil},
		{"a", 2, 3, "nte", nil},
		{"a", 0, 8, "content", io.EOF},
		{"a", 6, 2, "t", io.EOF},
		{"a", 7, 1, "", io.EOF},
		{"a", 7, 0, "", nil},
		{"b", 0, 1, "", fs.ErrNotExist},
	} {
		p := make([]byte, c.n)
		n, size, err := st.ReadAt(c.name, p, c.off)
		if string(p[:n]) != c.want || !errors.Is(err, c.err) || c.name == "a" && size != 7 ||
			c.name != "a" && size != 0 {
			t.Errorf("%+v: %q of %d, %v", c, p[:n], size, err)
		}
	}
	if n, size, err := st.ReadAt("a", nil, -1); err == nil || errors.Is(err, io.EOF) || n != 0 || size != 0 {
		t.Errorf("at -1: %d of %d bytes, %v", n, size, err)
	}
}

func TestBudget(t *testing.T) {
	budget := store.NewBudget(100<<10, nil)
	st := mem.NewWithBudget(budget)
	o, _ := st.Create(1 << 60) // a claim
	if _, err := o.WriteAt([]byte("x"), 1<<50); err != nil {
		t.Errorf("one byte far away: %v", err)
	}
	if _, err := st.Publish(o, "x"); !errors.Is(err, store.ErrBudget) {
		t.Errorf("Publish of 2^50 zeros: %v", err)
	}
	if err := o.Truncate(10); err != nil {
		t.Error(err)
	}
	if budget.Used() != 0 {
		t.Errorf("%d bytes reserved after Truncate", budget.Used())
	}
	var err error
	n := 0
	for off := int64(0); err == nil; off += 1400 {
		_, err = o.WriteAt(make([]byte, 1400), off)
		n++
	}
	if !errors.Is(err, store.ErrBudget) || n < 40 || n > 80 {
		t.Errorf("WriteAt: %v after %d", err, n)
	}
	if budget.Used() > budget.Limit() {
		t.Errorf("used %d of %d", budget.Used(), budget.Limit())
	}
	if err := o.Discard(); err != nil {
		t.Error(err)
	}
	if err := o.Discard(); err != nil {
		t.Error(err)
	}
	if budget.Used() != 0 {
		t.Errorf("%d bytes reserved after Discard", budget.Used())
	}
}

func Example() {
	st := mem.New()
	o, err := st.Create(5)
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := o.WriteAt([]byte("hello"), 0); err != nil {
		fmt.Println(err)
		return
	}
	if _, err := st.Publish(o, "greetings/hello.txt"); err != nil {
		fmt.Println(err)
		return
	}
	b, _ := st.Get("greetings/hello.txt")
	fmt.Println(st.Files(), string(b))
	// Output: [greetings/hello.txt] hello
}

// TestMove: a file is moved whole, once, and as it is at that moment; its memory is free then.
func TestMove(t *testing.T) {
	budget := store.NewBudget(1<<20, nil)
	st := mem.NewWithBudget(budget)
	for _, content := range []string{"older", "newer and longer"} {
		if _, err := st.Publish(create(t, st, content), "d/a"); err != nil {
			t.Fatal(err)
		}
	}
	p := make([]byte, 20)
	if moved, size, err := st.Move("d/a", p[:5]); moved || size != 16 || err != nil || len(st.Files()) != 1 {
		t.Errorf("into too little room: %v, %d bytes, %v, %q", moved, size, err, st.Files())
	}
	if moved, size, err := st.Move("d/a", p); !moved || string(p[:size]) != "newer and longer" || err != nil {
		t.Errorf("%v, %q, %v", moved, p[:size], err)
	}
	if _, _, err := st.Move("d/a", p); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("moved twice: %v", err)
	}
	if budget.Used() != 0 {
		t.Errorf("%d bytes reserved for nothing", budget.Used())
	}
	if _, err := st.Publish(create(t, st, "x"), "d"); err != nil {
		t.Errorf("the folder is still there: %v", err)
	}
}

// TestReadBesideWrites: many pages are read while others are written, which has to wait for no copy; a page that was
// cut reads as zero where it grows again, and what was discarded is an error and no zeros.
func TestReadBesideWrites(t *testing.T) {
	const page, pages = 64 << 10, 40
	st := mem.New()
	o := create(t, st, "")
	want := make([]byte, pages*page/2)
	for i := range want {
		want[i] = byte(i>>16 + i)
	}
	if _, err := o.WriteAt(want, 0); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		defer close(done)
		for i := int64(pages / 2); i < pages; i++ {
			copy(o.(lender).Window(i*page, page, true), "window")
			if _, err := o.WriteAt([]byte("write"), i*page+100); err != nil {
				done <- err
			}
		}
	}()
	got := make([]byte, len(want)-5)
	for range 50 {
		if n, err := o.ReadAt(got, 5); n != len(got) || err != nil || !bytes.Equal(got, want[5:]) {
			t.Fatalf("%d bytes, %v", n, err)
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := o.Truncate(10); err != nil {
		t.Fatal(err)
	}
	if _, err := o.WriteAt([]byte("x"), 20); err != nil {
		t.Fatal(err)
	}
	if n, err := o.ReadAt(got[:30], 0); n != 21 || !errors.Is(err, io.EOF) ||
		!bytes.Equal(got[10:21], append(make([]byte, 10), 'x')) {
		t.Errorf("%d bytes, %v: %q", n, err, got[:21])
	}
	if err := o.Discard(); err != nil {
		t.Fatal(err)
	}
	if n, err := o.ReadAt(got[:5], 0); n != 0 || !errors.Is(err, store.ErrClosed) {
		t.Errorf("after Discard: %d bytes, %v", n, err)
	}
}

// TestMoveOfThatLength: a file as long as the memory for it is moved, a longer one stays.
func TestMoveOfThatLength(t *testing.T) {
	st := mem.New()
	if _, err := st.Publish(create(t, st, "four"), "a"); err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 4)
	if moved, size, err := st.Move("a", p[:3]); moved || size != 4 || err != nil {
		t.Errorf("%v, %d bytes, %v", moved, size, err)
	}
	if moved, size, err := st.Move("a", p); !moved || size != 4 || err != nil || string(p) != "four" {
		t.Errorf("%v, %d bytes, %v, %q", moved, size, err, p)
	}
	if _, _, err := st.Move("a", p); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("moved twice: %v", err)
	}
}

// TestDiscardedIsGone: an object that is discarded is staged no more, also if that comes twice.
func TestDiscardedIsGone(t *testing.T) {
	budget := store.NewBudget(1<<20, nil)
	st := mem.NewWithBudget(budget)
	o := create(t, st, "x")
	for range 2 {
		if err := o.Discard(); err != nil {
			t.Error(err)
		}
		if st.Staged() != 0 || budget.Used() != 0 {
			t.Errorf("%d objects staged, %d bytes", st.Staged(), budget.Used())
		}
	}
}

// TestNameOfAFolder: a folder with one file is a folder: no file gets its name.
func TestNameOfAFolder(t *testing.T) {
	st := mem.New()
	if _, err := st.Publish(create(t, st, "x"), "d/e"); err != nil {
		t.Fatal(err)
	}
	if c, err := st.Names().(*names.Registry).Claim("", "d", "s"); err != nil || c.Name == "d" {
		t.Errorf("%+v, %v", c, err)
	}
}
