package file

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// TestTrimIsWorthIt: what is reserved beyond the end is given back where it is more than a little, and so are the
// bytes that are there; a file without anything reserved is not looked at.
func TestTrimIsWorthIt(t *testing.T) {
	const block = 4096
	for beyond, trims := range map[int64]bool{0: false, restBytes: false, restBytes + block: true} {
		s, _ := limited(t, 10)
		o := written(t, s, string(make([]byte, 4*block))).(*object)
		if beyond > 0 {
			if err := allocateAt(o.file, 0, 4*block+beyond); err != nil {
				t.Skip(err)
			}
		}
		if err := o.file.Sync(); err != nil {
			t.Fatal(err)
		}
		takes := func() int64 {
			info, err := o.file.Stat()
			if err != nil || info.Size() != 4*block {
				t.Error(info, err)
			}
			return int64(allocated(info))
		}
		if takes() != 4*block+beyond {
			t.Skip("the file system counts otherwise")
		}
		if err := o.trim(); err != nil || takes() != 4*block+beyond {
			t.Errorf("nothing was reserved, and %d bytes are left: %v", takes(), err)
		}
		o.reserved.end = 4*block + beyond
		want := 4*block + beyond
		if trims {
			want = 4 * block
		}
		if err := o.trim(); err != nil || takes() != want {
			t.Errorf("%d bytes beyond the end: %d are left, %v", beyond, takes(), err)
		}
		o.reserved.end = 1 << 40
		if err := o.file.Close(); err != nil {
			t.Fatal(err)
		}
		if err := o.trim(); !errors.Is(err, os.ErrClosed) {
			t.Error("a file that cannot be looked at was trimmed")
		}
	}
}

// TestExt4: only there what comes is reserved. Where nobody can tell, nothing is.
func TestExt4(t *testing.T) {
	for _, dir := range []string{t.TempDir(), "/proc", "/dev/shm"} {
		var fs unix.Statfs_t
		if err := unix.Statfs(dir, &fs); err != nil {
			continue
		}
		f, err := os.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := isExt4(f), int64(fs.Type) == unix.EXT4_SUPER_MAGIC; got != want { //nolint:unconvert // int32
			t.Errorf("%s: %v", dir, got)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if isExt4(f) {
			t.Errorf("%s: a folder that is not open", dir)
		}
	}
}

// TestUnlinked: a file without a name, and no other.
func TestUnlinked(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	if isUnlinked(f) {
		t.Error("it has a name")
	}
	if err := os.Remove(f.Name()); err != nil {
		t.Fatal(err)
	}
	if !isUnlinked(f) {
		t.Error("it has no name")
	}
	if err := f.Close(); err != nil || isUnlinked(f) {
		t.Errorf("of what is closed nobody knows: %v", err)
	}
}
