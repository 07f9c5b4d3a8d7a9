package file

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestWriteRow: pieces are written one behind the other, also where the system ends the call after any number of bytes;
// its errors are told.
func TestWriteRow(t *testing.T) {
	defer func(p func(int, [][]byte, int64) (int, error)) { pwritev = p }(pwritev)
	pieces := [][]byte{[]byte("one"), {}, []byte("three"), []byte("five")}
	const want = "\x00\x00onethreefive"
	write := func(t *testing.T) (string, int, error) {
		t.Helper()
		name := filepath.Join(t.TempDir(), "file")
		f, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		n, err := writeRow(f, pieces, 2)
		got, readErr := os.ReadFile(name)
		return string(got), n, errors.Join(err, readErr)
	}
	if got, n, err := write(t); got != want || n != len(want)-2 || err != nil {
		t.Errorf("%q, %d, %v", got, n, err)
	}
	for end := range len(want) - 1 {
		interrupted := false
		pwritev = func(fd int, all [][]byte, off int64) (int, error) {
			if !interrupted {
				interrupted = true
				return -1, unix.EINTR
			}
			done := 0
			for _, p := range all {
				p = p[:min(len(p), end-done)]
				if _, err := unix.Pwrite(fd, p, off+int64(done)); err != nil {
					return done, err
				}
				done += len(p)
			}
			return done, nil
		}
		if got, n, err := write(t); got != want || n != len(want)-2 || err != nil {
			t.Errorf("after %d bytes: %q, %d, %v", end, got, n, err)
		}
	}
	pwritev = func(int, [][]byte, int64) (int, error) { return -1, unix.ENOSPC }
	if got, n, err := write(t); got != "" || n != 0 || !errors.Is(err, unix.ENOSPC) {
		t.Errorf("%q, %d, %v", got, n, err)
	}
}

// TestRowIsCounted: a row takes its place in the quota, as other writes do, and one that has none writes nothing.
func TestRowIsCounted(t *testing.T) {
	s, err := Options{MaxBytes: 8}.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	created, err := s.Create(8)
	if err != nil {
		t.Fatal(err)
	}
	o := created.(*object)
	if n, err := o.WriteRowAt([][]byte{[]byte("1234"), []byte("5678")}, 0); n != 8 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := o.WriteRowAt([][]byte{[]byte("9"), []byte("0")}, 8); n != 0 || err == nil {
		t.Errorf("beyond the quota: %d, %v", n, err)
	}
	if o.grown != 8 || o.unasked.bytes != 8 {
		t.Errorf("%d bytes have their place, %d are to be written out", o.grown, o.unasked.bytes)
	}
}
