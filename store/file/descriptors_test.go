package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/flute-node/flute-node/store"
)

func limited(t *testing.T, n int) (*Store, string) {
	t.Helper()
	root := t.TempDir()
	s, err := Options{NoSync: true, MaxOpen: n}.New(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if s.files.open != 0 || s.files.idle.next != &s.files.idle {
			t.Errorf("%d files are open after Close", s.files.open)
		}
	})
	return s, root
}

// stagedFiles returns how many files are staged.
func stagedFiles(t *testing.T, s *Store) int {
	t.Helper()
	entries, err := fs.ReadDir(s.current().stage.files.FS(), ".")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// TestManyStaged: objects cost neither a file nor a descriptor before their first byte, and no more descriptors than
// the limit afterwards, in whatever order they are used.
func TestManyStaged(t *testing.T) {
	const objects, limit = 2000, 8
	s, root := limited(t, limit)
	staged := make([]store.Object, 50*objects)
	for i := range staged {
		o, err := s.Create(1 << 40)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := o.ReadAt(make([]byte, 1), 0); n != 0 || !errors.Is(err, io.EOF) {
			t.Fatalf("read of nothing: %d, %v", n, err)
		}
		staged[i] = o
	}
	if n := stagedFiles(t, s); n != 0 || s.files.open != 0 {
		t.Errorf("%d files, %d open, for objects without a byte", n, s.files.open)
	}
	for _, o := range staged[objects:] {
		if err := o.Discard(); err != nil {
			t.Fatal(err)
		}
	}
	staged = staged[:objects]
	rnd := rand.New(rand.NewPCG(1, 1))
	for part := range 3 {
		for _, i := range rnd.Perm(objects) {
			if _, err := staged[i].WriteAt(fmt.Appendf(nil, "%4d", i), int64(4*part)); err != nil {
				t.Fatal(err)
			}
			if s.files.open > limit {
				t.Fatalf("%d files are open", s.files.open)
			}
		}
	}
	for i, o := range staged {
		name := fmt.Sprint("d", i%7, "/", i)
		if _, err := s.Publish(o, name); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(root, name)); err != nil || string(got) != fmt.Sprintf("%4d%4d%4d", i,
			i, i) {
			t.Fatalf("%s = %q, %v", name, got, err)
		}
	}
	if n := stagedFiles(t, s); n != 0 {
		t.Errorf("%d files are left", n)
	}
}

// TestDescriptorsConcurrent: any number of goroutines use more objects than may be open, and end them while others do.
func TestDescriptorsConcurrent(t *testing.T) {
	const objects, size = 20, 64
	for _, limit := range []int{1, 3, 100} {
		s, root := limited(t, limit)
		var staged [objects]store.Object
		for i := range staged {
			o, err := s.Create(size)
			if err != nil {
				t.Fatal(err)
			}
			staged[i] = o
		}
		var wg sync.WaitGroup
		for g := range uint64(8) {
			wg.Go(func() {
				rnd := rand.New(rand.NewPCG(g, uint64(limit)))
				p := make([]byte, 1)
				for range 3000 {
					i, off := rnd.IntN(objects), int64(rnd.IntN(size/8))*8+int64(g) // a place of this goroutine's
					want := byte(i)
					if _, err := staged[i].WriteAt([]byte{want}, off); err != nil {
						t.Error(err)
						return
					}
					if rnd.IntN(500) == 0 {
						if err := staged[i].Sync(); err != nil {
							t.Error(err)
						}
					}
					if _, err := staged[i].ReadAt(p, off); err != nil || p[0] != want {
						t.Errorf("object %d at %d: %d, %v", i, off, p[0], err)
						return
					}
				}
			})
		}
		wg.Wait()
		published := [objects]bool{}
		for i, o := range staged {
			wg.Go(func() { // is told that the object is spent, or does no harm
				for range 50 {
					if _, err := o.ReadAt(make([]byte, 1), 0); err != nil && !errors.Is(err, store.ErrClosed) {
						t.Error(err)
					}
				}
			})
			wg.Go(func() {
				if i%3 == 0 {
					if err := o.Discard(); err != nil {
						t.Error(err)
					}
				}
			})
			wg.Go(func() {
				_, err := s.Publish(o, fmt.Sprint(i))
				if published[i] = err == nil; err != nil && (i%3 != 0 || !errors.Is(err, store.ErrClosed)) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for i := range staged {
			got, err := os.ReadFile(filepath.Join(root, fmt.Sprint(i)))
			if published[i] != (err == nil) {
				t.Errorf("%d: published %v, %v", i, published[i], err)
			}
			if err == nil && bytes.Count(got, []byte{byte(i)}) < size/2 {
				t.Errorf("%d: %d", i, got)
			}
		}
		if n := stagedFiles(t, s); n != 0 || s.files.open != 0 {
			t.Errorf("limit %d: %d files are left, %d are open", limit, n, s.files.open)
		}
	}
}

// TestCloseWhileInUse: Close does not wait for those who use objects; what they use ends with them.
func TestCloseWhileInUse(t *testing.T) {
	s, _ := limited(t, 4)
	so, err := s.Create(1)
	if err != nil {
		t.Fatal(err)
	}
	o := so.(*object)
	f, err := s.files.lend(o, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("x"), 0); err != nil {
		t.Errorf("a call that began before: %v", err)
	}
	s.files.giveBack(o)
	if _, err := o.WriteAt([]byte("x"), 0); !errors.Is(err, store.ErrClosed) {
		t.Errorf("WriteAt: %v", err)
	}
	if _, err := f.WriteAt([]byte("x"), 0); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the file is open: %v", err)
	}
}

// TestSpentObjectWakesOthers: who waits for a descriptor gets that of an object which is discarded while it is in use,
// as soon as its last user is done.
func TestSpentObjectWakesOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := limited(t, 1)
		create := func() *object {
			so, err := s.Create(1)
			if err != nil {
				t.Fatal(err)
			}
			return so.(*object)
		}
		first, second := create(), create()
		if _, err := s.files.lend(first, true); err != nil {
			t.Fatal(err)
		}
		opened := false
		go func() {
			if _, err := s.files.lend(second, true); err != nil {
				t.Error(err)
				return
			}
			opened = true
			s.files.giveBack(second)
		}()
		synctest.Wait()
		if err := s.files.drop(first, false); err != nil || opened {
			t.Fatalf("%v; a second file is open beside one that is in use: %v", err, opened)
		}
		synctest.Wait()
		s.files.giveBack(first)
		synctest.Wait()
		if !opened {
			t.Error("the other one still waits")
			s.files.changed.Broadcast()
		}
	})
}

// TestWarnPanics: a Warn of an application that panics while a staged file is made, or copied since it was removed,
// takes neither the process down nor the object: whoever uses it next does so.
func TestWarnPanics(t *testing.T) {
	if onWindows {
		t.Skip("nothing is removed there that is open")
	}
	root := t.TempDir()
	s := opened(t, Options{Warn: func(string) { panic("of the application") }}, root)
	defer s.Close()
	passes := func(what string, do func()) {
		t.Helper()
		if err := os.RemoveAll(filepath.Join(root, stageName)); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if recover() == nil {
				t.Errorf("%s: no panic has passed", what)
			}
		}()
		do()
	}
	o, err := s.Create(7)
	if err != nil {
		t.Fatal(err)
	}
	passes("made", func() { _, _ = o.WriteAt([]byte("content"), 0) })
	if _, err := o.WriteAt([]byte("content"), 0); err != nil {
		t.Fatal(err)
	}
	passes("parked", func() { s.files.parkHalf() })
	other, err := s.Create(1)
	if err != nil {
		t.Fatal(err)
	}
	passes("published", func() { _, _ = s.Publish(other, "other") })
	if s.files.open != 1 {
		t.Errorf("%d files are open", s.files.open)
	}
	if _, err := s.Publish(o, "x"); err != nil || read(t, root, "x") != "content" {
		t.Errorf("afterwards: %v", err)
	}
}
