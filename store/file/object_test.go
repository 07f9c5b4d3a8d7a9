package file

import (
	"errors"
	"io"
	"os"
	"runtime"
	"syscall"
	"testing"

	"github.com/flute-node/flute-node/store"
)

// TestSyncErrorSticks: bytes that a sync could not save are not reported saved by the next one.
func TestSyncErrorSticks(t *testing.T) {
	st, err := New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	so, err := st.Create(1)
	if err != nil {
		t.Fatal(err)
	}
	o := so.(*object)
	boom := errors.New("input/output error")
	o.err = boom
	for range 2 {
		if err := o.Sync(); !errors.Is(err, boom) {
			t.Errorf("Sync: %v", err)
		}
		if _, err := st.Publish(o, "x"); !errors.Is(err, boom) {
			t.Errorf("Publish: %v", err)
		}
	}
	if _, err := st.ground.root.Lstat("x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("published all the same: %v", err)
	}
	if err := o.Discard(); err != nil {
		t.Error(err)
	}
	if len(st.staged) != 0 {
		t.Errorf("%d objects staged", len(st.staged))
	}
}

// TestSyncFails: an object whose bytes could not be made durable is not published, now or later.
func TestSyncFails(t *testing.T) {
	if onWindows {
		t.Skip("a pipe can be synced")
	}
	for name, publish := range map[string]bool{"Publish": true, "Sync": false} {
		st, err := New(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		o := written(t, st, "x").(*object)
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		file := o.file
		o.file = r // cannot be synced
		if publish {
			_, err = st.Publish(o, "x")
		} else {
			err = o.Sync()
		}
		if !isInvalid(err) {
			t.Errorf("%s: %v", name, err)
		}
		o.file = file
		_ = r.Close()
		if _, err := st.Publish(o, "x"); !isInvalid(err) {
			t.Errorf("Publish after %s: %v, want the same error", name, err)
		}
		if _, err := st.ground.root.Lstat("x"); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("published all the same: %v", err)
		}
		if err := o.Discard(); err != nil {
			t.Error(err)
		}
	}
}

// TestCloseFails: what Close could not write, when a file was closed for another, is an error for good.
func TestCloseFails(t *testing.T) {
	st, _ := limited(t, 1)
	o := written(t, st, "x").(*object)
	_ = o.file.Close() // so that a second one fails
	_ = written(t, st, "y")
	for range 2 {
		if _, err := st.Publish(o, "x"); !errors.Is(err, os.ErrClosed) {
			t.Errorf("Publish: %v", err)
		}
	}
}

// TestFullDisk puts the device that is always full in the place of an object's file.
func TestFullDisk(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("no /dev/full")
	}
	f, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	st, err := New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	so, err := st.Create(1)
	if err != nil {
		t.Fatal(err)
	}
	o := so.(*object)
	if _, err := o.WriteAt([]byte("x"), 0); err != nil {
		t.Fatal(err)
	}
	_ = o.file.Close()
	o.file = f
	if _, err := o.WriteAt([]byte("x"), 0); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("WriteAt: %v, want no space left on device", err)
	}
	if err := o.Discard(); err != nil {
		t.Error(err)
	}
}

// TestWriteAtAllocs: neither does the way to the disk allocate.
func TestWriteAtAllocs(t *testing.T) {
	st, err := New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	o, err := st.Create(1)
	if err != nil {
		t.Fatal(err)
	}
	b := store.NewBuffer(store.NewBudget(1<<20, nil))
	p := make([]byte, 1400)
	off := int64(0)
	next := func() {
		if _, err := b.WriteAt(p, off%(1400<<10)); err != nil {
			t.Fatal(err)
		}
		off += 1400
		if tail := b.Begin(); tail != nil {
			if err := tail.Write(o); err != nil {
				t.Fatal(err)
			}
			b.End(tail)
		}
	}
	for range 2000 {
		next()
	}
	if n := testing.AllocsPerRun(2000, next); n != 0 {
		t.Errorf("%v allocations a symbol", n)
	}
}

// TestFoldCase: letters that differ in case only are one.
func TestFoldCase(t *testing.T) {
	for _, same := range [][]string{
		{"Firmware.BIN", "firmware.bin"}, {"K", "k", "\u212a"}, {"Σ", "σ", "ς"}, {"a/B", "A/b"}, {"日本", "日本"},
	} {
		for _, s := range same {
			if foldCase(s) != foldCase(same[0]) {
				t.Errorf("%q and %q differ", s, same[0])
			}
		}
	}
	if foldCase("a") == foldCase("b") || foldCase("ä") == foldCase("a") {
		t.Error("letters are mixed up")
	}
}

// TestObjectThatHasEnded: no byte of it is read or written, and none of one that has no file yet is read.
func TestObjectThatHasEnded(t *testing.T) {
	s, _ := limited(t, 10)
	o, err := s.Create(1)
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 1)
	if n, err := o.ReadAt(p, 0); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("before its first byte: %d, %v", n, err)
	}
	if _, err := o.WriteAt(p, 0); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := o.Discard(); err != nil {
			t.Error(err)
		}
	}
	if n, err := o.ReadAt(p, 0); n != 0 || !errors.Is(err, store.ErrClosed) {
		t.Errorf("ReadAt: %d, %v", n, err)
	}
	if n, err := o.WriteAt(p, 0); n != 0 || !errors.Is(err, store.ErrClosed) {
		t.Errorf("WriteAt: %d, %v", n, err)
	}
	for name, err := range map[string]error{"Truncate": o.Truncate(0), "Sync": o.Sync()} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s.files.open != 0 {
		t.Errorf("%d files are open", s.files.open)
	}
}

// TestDiscardWhileInUse: the file goes when the last call that uses it has ended, and its descriptor is there for
// others.
func TestDiscardWhileInUse(t *testing.T) {
	s, _ := limited(t, 1)
	o := written(t, s, "x").(*object)
	for range 2 {
		if _, err := s.files.lend(o, false); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.Discard(); err != nil {
		t.Error(err)
	}
	s.files.giveBack(o)
	if !o.ground.isStaged(o.file, o.name) || s.files.open != 1 {
		t.Error("the file is gone while it is in use")
	}
	wrote := make(chan error)
	other, err := s.Create(1)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		_, err := other.WriteAt([]byte("y"), 0)
		wrote <- err
	}()
	s.files.giveBack(o)
	if err := <-wrote; err != nil || s.files.open != 1 || o.file != nil || stagedFiles(t, s) != 1 {
		t.Errorf("%v, %d files are open", err, s.files.open)
	}
}

// TestPreallocateNothing: an object of no length can be written.
func TestPreallocateNothing(t *testing.T) {
	if !canAllocate {
		t.Skip("nothing can be reserved")
	}
	s := opened(t, Options{Preallocate: true}, t.TempDir())
	defer s.Close()
	o, err := s.Create(0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.WriteAt([]byte("x"), 0); err != nil {
		t.Error(err)
	}
}
