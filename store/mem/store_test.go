package mem_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/mem"
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

func TestPublish(t *testing.T) {
	budget := store.NewBudget(1<<20, nil)
	st := mem.NewWithBudget(budget)
	for _, step := range []struct {
		name, content string
		want          error
	}{
		{"a", "one", nil},
		{"a", "two", nil},
		{"a/b", "below a file", store.ErrName},
		{"d/e/f", "three", nil},
		{"d", "a file for a folder", store.ErrName},
		{"d/e", "a file for a folder", store.ErrName},
		{"d/e/g", "four", nil},
		{"../x", "out", store.ErrName},
		{"", "nothing", store.ErrName},
		{"/x", "absolute", store.ErrName},
	} {
		o := create(t, st, step.content)
		path, err := st.Publish(o, step.name)
		if !errors.Is(err, step.want) || (err == nil) != (step.want == nil) {
			t.Fatalf("Publish(%q): %v, want %v", step.name, err, step.want)
		}
		if err == nil {
			if got, ok := st.Get(step.name); !ok || string(got) != step.content || path != step.name {
				t.Errorf("Get(%q) = %q, %t, path %q", step.name, got, ok, path)
			}
			if _, err := o.WriteAt([]byte("X"), 0); !errors.Is(err, store.ErrClosed) {
				t.Errorf("WriteAt after Publish: %v", err)
			}
		}
		if err := o.Discard(); err != nil {
			t.Error(err)
		}
		if st.Staged() != 0 {
			t.Errorf("%d objects staged", st.Staged())
		}
	}
	if diff := cmp.Diff([]string{"a", "d/e/f", "d/e/g"}, st.Files()); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if got, _ := st.Get("a"); string(got) != "two" {
		t.Errorf("a = %q", got)
	}
	for _, name := range st.Files() {
		if _, ok := st.Take(name); !ok {
			t.Errorf("Take(%q) = false", name)
		}
	}
	if budget.Used() != 0 {
		t.Errorf("%d bytes reserved for nothing", budget.Used())
	}
	if _, err := st.Publish(create(t, st, "a folder no more"), "d"); err != nil {
		t.Error(err)
	}
}

// TestObjectAgainstArray compares random writes, reads and truncations with plain bytes.
func TestObjectAgainstArray(t *testing.T) {
	const size = 200_000
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 5))
		st := mem.New()
		o, _ := st.Create(0)
		var want []byte
		resize := func(n int) {
			if n > len(want) {
				want = append(want, make([]byte, n-len(want))...)
			}
		}
		for range 200 {
			off, n := rnd.IntN(size), rnd.IntN(70_000)
			switch rnd.IntN(6) {
			case 0:
				if err := o.Truncate(int64(off)); err != nil {
					t.Fatal(err)
				}
				resize(off)
				want = slices.Clone(want[:off])
			case 1:
				got := bytes.Repeat([]byte{0xa5}, n)
				m, err := o.ReadAt(got, int64(off))
				wantN := max(0, min(n, len(want)-off))
				if m != wantN || (m < n) != errors.Is(err, io.EOF) || (m > 0 && !bytes.Equal(got[:m], want[off:off+m])) {
					t.Fatalf("ReadAt(%d bytes, %d) = %d, %v, want %d", n, off, m, err, wantN)
				}
			default:
				p := bytes.Repeat([]byte{byte(rnd.Uint32()) | 1}, n)
				if m, err := o.WriteAt(p, int64(off)); m != n || err != nil {
					t.Fatalf("WriteAt = %d, %v", m, err)
				}
				if n > 0 {
					resize(off + n)
				}
				copy(want[min(off, len(want)):], p)
			}
		}
		if _, err := st.Publish(o, "x"); err != nil {
			t.Fatal(err)
		}
		if got, _ := st.Get("x"); !bytes.Equal(got, want) {
			t.Fatalf("seed %d: the file differs", seed)
		}
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

func TestClosed(t *testing.T) {
	budget := store.NewBudget(1<<20, nil)
	st := mem.NewWithBudget(budget)
	if _, err := st.Publish(create(t, st, "kept"), "kept"); err != nil {
		t.Fatal(err)
	}
	used := budget.Used()
	o := create(t, st, "lost")
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if budget.Used() != used {
		t.Errorf("used %d, want %d", budget.Used(), used)
	}
	if _, err := st.Create(1); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Create: %v", err)
	}
	if _, err := st.Publish(o, "x"); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Publish: %v", err)
	}
	_, werr := o.WriteAt([]byte("x"), 0)
	_, rerr := o.ReadAt([]byte("x"), 0)
	for _, err := range []error{werr, rerr, o.Truncate(0), o.Sync()} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	}
	if err := o.Discard(); err != nil {
		t.Error(err)
	}
	if got, ok := st.Get("kept"); !ok || string(got) != "kept" {
		t.Errorf("Get = %q, %t", got, ok)
	}
}

func TestMisuse(t *testing.T) {
	st := mem.New()
	o := create(t, st, "x")
	if _, err := mem.New().Publish(o, "x"); err == nil {
		t.Error("an object of another store was published")
	}
	if _, err := st.Create(1 << 63); err == nil {
		t.Error("Create(2^63)")
	}
	if _, err := o.WriteAt([]byte("x"), -1); err == nil {
		t.Error("WriteAt(-1)")
	}
	if _, err := o.WriteAt([]byte("xy"), 1<<63-2); err == nil {
		t.Error("WriteAt beyond the range")
	}
	if _, err := o.ReadAt([]byte("x"), -1); err == nil {
		t.Error("ReadAt(-1)")
	}
	if err := o.Truncate(-1); err == nil {
		t.Error("Truncate(-1)")
	}
}

func TestConcurrent(t *testing.T) {
	budget := store.NewBudget(64<<20, nil)
	st := mem.NewWithBudget(budget)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 50 {
				o, err := st.Create(0)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = o.WriteAt(bytes.Repeat([]byte{byte(g)}, 5000), 0)
				if i%3 == 0 {
					_ = o.Discard()
					continue
				}
				if _, err := st.Publish(o, "d"+strconv.Itoa(i%5)+"/x"); err != nil {
					t.Error(err)
				}
				if b, ok := st.Get("d1/x"); ok && !bytes.Equal(b, bytes.Repeat(b[:1], 5000)) {
					t.Error("a file is a mix of two")
				}
			}
		})
	}
	wg.Wait()
	if n := st.Staged(); n != 0 {
		t.Errorf("%d objects staged", n)
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
