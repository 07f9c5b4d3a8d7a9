package source

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute/sender"
)

// descriptors counts those of the process that lead below the current folder.
func descriptors(t *testing.T) (n int) {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	for _, one := range all {
		to, err := os.Readlink("/proc/self/fd/" + one.Name())
		if rel, relErr := filepath.Rel(here, to); err == nil && relErr == nil && filepath.IsLocal(rel) {
			n++
		}
	}
	return n
}

// text reads what is open.
func text(t *testing.T, o sender.Opened) string {
	t.Helper()
	b := make([]byte, 100)
	n, err := o.ReadAt(b, 0)
	if !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	return string(b[:n])
}

// below returns the files of a folder, through openat2, and as without it.
func below(t *testing.T, path string, test func(t *testing.T, f *folder)) {
	t.Helper()
	for _, plain := range []bool{false, true} {
		f := &folder{path: path}
		f.plain.Store(plain)
		test(t, f)
		if n := descriptors(t); n != 0 {
			t.Errorf("plain %t: %d descriptors are left", plain, n)
		}
	}
}

// However many files below a folder are open, the folder is once; and with the last of them it is closed.
func TestFolderIsShared(t *testing.T) {
	tree(t, "d/a", "d/b", "d/x/y/c")
	list, err := Find([]string{"d"}, Options{})
	if err != nil || len(list.Files) != 3 {
		t.Fatal(list, err)
	}
	if n := descriptors(t); n != 0 {
		t.Errorf("%d descriptors after Find", n)
	}
	for range 2 {
		var opened []sender.Opened
		for i, f := range list.Files {
			o, err := f.Source.Open()
			if err != nil {
				t.Fatal(err)
			}
			opened = append(opened, o)
			want := i + 2 // the folder is one
			if f.Source.(file).folder.plain.Load() {
				want = i + 1 // it is opened for a moment only
			}
			if n := descriptors(t); n != want {
				t.Errorf("%d descriptors of %d open files", n, i+1)
			}
		}
		for _, o := range opened {
			if err := o.Close(); err != nil {
				t.Error(err)
			}
		}
		if n := descriptors(t); n != 0 {
			t.Errorf("%d descriptors after the last Close", n)
		}
	}
}

// A folder that is replaced is noticed also while files of the one before are open.
func TestFolderIsReplaced(t *testing.T) {
	tree(t, "d/a", "new/d/a")
	below(t, "d", func(t *testing.T, f *folder) {
		before := open(t, file{f, "a"})
		for _, move := range [][2]string{{"d", "old"}, {"new/d", "d"}} {
			if err := os.Rename(move[0], move[1]); err != nil {
				t.Fatal(err)
			}
		}
		after := open(t, file{f, "a"})
		if was, is := text(t, before), text(t, after); was != "d/a" || is != "new/d/a" {
			t.Errorf("%q, and then %q", was, is)
		}
		if version(t, before) == version(t, after) {
			t.Error("they have the same version")
		}
		_, _ = before.Close(), after.Close()
		for _, move := range [][2]string{{"d", "new/d"}, {"old", "d"}} {
			if err := os.Rename(move[0], move[1]); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Links lead to files below the folder, and to no others, whoever is open meanwhile.
func TestFolderLinks(t *testing.T) {
	tree(t, "secret", "d/a", "d/x/b", "d/x/up -> ../a", "d/to -> x", "d/out -> ../secret", "d/x/away -> ../..")
	absolute, err := filepath.Abs("d/a")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(absolute, "d/absolute"); err != nil {
		t.Fatal(err)
	}
	below(t, "d", func(t *testing.T, f *folder) {
		held := open(t, file{f, "a"})
		for name, want := range map[string]string{"x/up": "d/a", "to/b": "d/x/b", "to/up": "d/a", "x/../a": "d/a"} {
			o, err := file{f, name}.Open()
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if got := text(t, o); got != want {
				t.Errorf("%s leads to %s", name, got)
			}
			_ = o.Close()
		}
		for _, name := range []string{"out", "x/away/secret", "to/away/secret", "../secret", "absolute", absolute} {
			if o, err := (file{f, name}).Open(); err == nil {
				t.Errorf("%s leads outside, to %s", name, text(t, o))
				_ = o.Close()
			}
		}
		for name, want := range map[string]error{"none": fs.ErrNotExist, "x": errNotRegular} {
			if _, err := (file{f, name}).Open(); !errors.Is(err, want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		_ = held.Close()
	})
}

// What is closed reads nothing, whichever descriptor has its number now, and is closed once.
func TestHandleClosed(t *testing.T) {
	tree(t, "a")
	o := open(t, File("a"))
	if _, err := o.ReadAt(make([]byte, 1), -1); err == nil {
		t.Error("a byte before the first one")
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	other := open(t, File("a")) // has the number
	if n, err := o.ReadAt(make([]byte, 1), 0); n != 0 || !errors.Is(err, fs.ErrClosed) {
		t.Error(n, err)
	}
	if _, err := o.Version(); !errors.Is(err, fs.ErrClosed) {
		t.Error(err)
	}
	if err := o.Close(); !errors.Is(err, fs.ErrClosed) {
		t.Error(err)
	}
	if got := text(t, other); got != "a" {
		t.Error(got)
	}
}

// A Close while others read lets them come to their end.
func TestHandleClosedWhileRead(t *testing.T) {
	tree(t, "a", "d/b")
	f := &folder{path: "d"}
	for range 200 {
		o, err := file{f, "b"}.Open()
		if err != nil {
			t.Fatal(err)
		}
		var readers sync.WaitGroup
		for range 4 {
			readers.Go(func() {
				b := make([]byte, 3)
				_, err := o.ReadAt(b, 0)
				if read := err == nil && string(b) == "d/b"; !read && !errors.Is(err, fs.ErrClosed) {
					t.Errorf("%q, %v", b, err)
				}
			})
		}
		if err := o.Close(); err != nil {
			t.Error(err)
		}
		readers.Wait()
	}
	if n := descriptors(t); n != 0 {
		t.Errorf("%d descriptors are left", n)
	}
}

// Who forgets a file loses no descriptor, neither its own nor that of the folder.
func TestHandleForgotten(t *testing.T) {
	tree(t, "d/a")
	f := &folder{path: "d"}
	for range 10 {
		if _, err := (file{f, "a"}).Open(); err != nil {
			t.Fatal(err)
		}
	}
	for range 1000 {
		if descriptors(t) == 0 {
			return
		}
		runtime.GC()
		time.Sleep(time.Millisecond) // cleanups have a goroutine
	}
	t.Errorf("%d descriptors are left", descriptors(t))
}

// To look at an open file costs no memory; what it was opened with has told its first version.
func TestVersionAllocates(t *testing.T) {
	tree(t, "a")
	past := time.Now().Add(-time.Hour)
	if err := os.Chtimes("a", past, past); err != nil {
		t.Fatal(err)
	}
	o := open(t, File("a"))
	info, err := os.Stat("a")
	if err != nil {
		t.Fatal(err)
	}
	if v := version(t, o); v != Version(info) {
		t.Errorf("%v, and of the path %v", v, Version(info))
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = o.Version() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
