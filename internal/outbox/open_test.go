package outbox

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	bolt "go.etcd.io/bbolt"
)

// faultyReader fails some reads that include an offset.
type faultyReader struct {
	io.ReaderAt
	at    int64
	fails *int
}

func (r *faultyReader) ReadAt(b []byte, off int64) (int, error) {
	if *r.fails > 0 && off <= r.at && r.at < off+int64(len(b)) {
		*r.fails--
		return 0, syscall.EIO
	}
	return r.ReaderAt.ReadAt(b, off)
}

// TestReadErrors: an outbox that the disk does not give back for a moment is read again, wherever that is. One that it
// never gives back is put aside, and says why: a daemon that nobody can reach goes on.
func TestReadErrors(t *testing.T) {
	whole := withLetters(t)
	for _, place := range []struct {
		name string
		at   int64
	}{
		{"first meta page", pageHeader},
		{"second meta page", pageOfTests + pageHeader},
		{"root", int64(metaOf(t, whole).root) * pageOfTests},
		{"free list", int64(metaOf(t, whole).freeList) * pageOfTests},
	} {
		for _, c := range []struct {
			fails int
			aside bool
		}{{1, false}, {readTries - 1, false}, {1 << 30, true}} {
			synctest.Test(t, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "outbox.db")
				if err := os.WriteFile(path, whole, 0o600); err != nil {
					t.Fatal(err)
				}
				d := &disk{most: usage{items: 1000, bytes: 1 << 20}}
				d.faulty = func(r io.ReaderAt) io.ReaderAt { return &faultyReader{r, place.at, &c.fails} }
				if err := d.begin(path, func(*bolt.Tx) error { return nil }); err != nil {
					t.Fatal(err)
				}
				if items := d.use.items; (d.brokenAt != "") != c.aside || (items == 0) != c.aside {
					t.Errorf("%s, %d failures: %d items, %q", place.name, c.fails, items, d.brokenAt)
				}
				if c.aside && (!errors.Is(d.brokenBy, errUnreadable) || !errors.Is(d.brokenBy, syscall.EIO)) {
					t.Errorf("%s: %v", place.name, d.brokenBy)
				}
				if err := d.close(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// TestReadErrorsOfTheLibrary: it says of a file that it cannot read for a moment that it is none. Its pages are sound.
func TestReadErrorsOfTheLibrary(t *testing.T) {
	whole := withLetters(t)
	for _, fails := range []int{1, 2, readTries - 1} { // the first try of a load only looks
		for _, first := range []int{os.O_RDONLY, os.O_RDWR} {
			synctest.Test(t, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "outbox.db")
				if err := os.WriteFile(path, whole, 0o600); err != nil {
					t.Fatal(err)
				}
				d, left := &disk{most: usage{items: 1000, bytes: 1 << 20}}, fails
				d.flags = func(flag int) int {
					if left == 0 || flag&(os.O_WRONLY|os.O_RDWR) != first {
						return flag
					}
					left--
					return os.O_WRONLY // no read succeeds
				}
				if err := d.begin(path, func(*bolt.Tx) error { return nil }); err != nil {
					t.Fatal(err)
				}
				if left > 0 || d.use.items == 0 || d.brokenAt != "" {
					t.Errorf("%d failures, %d to come: %d items, %v", fails, left, d.use.items, d.brokenBy)
				}
				if err := d.close(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// TestDamagedInUse: a process does not put aside what another one is about to put aside, or has begun anew.
func TestDamagedInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "outbox.db")
		damaged := bytes.Repeat([]byte("no outbox "), 5000)
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		lock, err := lockBeside(path)
		if err != nil {
			t.Fatal(err)
		}
		read := func(*bolt.Tx) error { return nil }
		_, err = open(path, 10, 1<<20, read)
		if !errors.Is(err, errInUse) || strings.Count(err.Error(), path) != 1 {
			t.Errorf("%v", err)
		}
		if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, damaged) {
			t.Errorf("%d bytes, %v", len(b), err)
		}
		if err := lock.Close(); err != nil {
			t.Fatal(err)
		}
		d, err := open(path, 10, 1<<20, read)
		if err != nil || d.brokenAt == "" {
			t.Fatalf("%+v, %v", d, err)
		}
		defer d.close()
		if _, err := open(path, 10, 1<<20, read); !errors.Is(err, errInUse) {
			t.Errorf("it is open, and %v", err)
		}
	})
}
