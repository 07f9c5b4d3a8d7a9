package file

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/store"
)

// bounded returns a Store with bounds, and its root, in which there is a file of 10 bytes.
func bounded(t *testing.T, opts Options) (*Store, string) {
	t.Helper()
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "there"), []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := opts.New(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, root
}

// recount has s look again at once at what there is.
func recount(s *Store) { s.quota.counted = s.quota.counted.Add(-time.Hour) }

// TestMaxFiles: a file too many is refused, before anything of it is stored; one that takes the place of another is
// not. When others remove a file there is a place again.
func TestMaxFiles(t *testing.T) {
	s, root := bounded(t, Options{MaxFiles: 2})
	late := written(t, s, "late")
	if _, err := s.Publish(written(t, s, "a"), "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Create(1); !errors.Is(err, store.ErrFull) {
		t.Errorf("Create: %v", err)
	}
	if _, err := s.Publish(late, "b"); !errors.Is(err, store.ErrFull) {
		t.Errorf("Publish: %v", err)
	}
	if _, err := s.Publish(late, "a"); err != nil {
		t.Errorf("a file that replaces another: %v", err)
	}
	if err := os.Remove(filepath.Join(root, "there")); err != nil {
		t.Fatal(err)
	}
	recount(s)
	if _, err := s.Publish(written(t, s, "b"), "b"); err != nil {
		t.Errorf("after a file was removed: %v", err)
	}
}

// TestMaxBytes: objects that are being received count with what they have grown to, and what is discarded is given
// back.
func TestMaxBytes(t *testing.T) {
	s, _ := bounded(t, Options{MaxBytes: 100})
	if _, err := s.Create(91); !errors.Is(err, store.ErrFull) {
		t.Errorf("Create: %v", err)
	}
	o := written(t, s, strings.Repeat("x", 60))
	if _, err := o.WriteAt([]byte("again"), 0); err != nil { // it does not grow
		t.Error(err)
	}
	other, err := s.Create(0) // its sender does not say how long it is
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.WriteAt(make([]byte, 31), 0); !errors.Is(err, store.ErrFull) {
		t.Errorf("WriteAt: %v", err)
	}
	if _, err := s.Publish(o, "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := other.WriteAt(make([]byte, 30), 0); err != nil {
		t.Errorf("WriteAt of what there is room for: %v", err)
	}
	if err := other.Discard(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Publish(written(t, s, strings.Repeat("x", 30)), "b"); err != nil {
		t.Errorf("after one was discarded: %v", err)
	}
	if _, err := s.Create(1); !errors.Is(err, store.ErrFull) {
		t.Errorf("Create: %v", err)
	}
	if s.quota.staged != 0 || s.quota.bytes != 100 || s.quota.files != 3 {
		t.Errorf("%+v", s.quota)
	}
}

// TestMinFree: no object begins, and none goes on, that would take what stays free on the disk.
func TestMinFree(t *testing.T) {
	if !canTellFree {
		t.Skip("the system does not tell")
	}
	s, _ := bounded(t, Options{MinFree: 1})
	free := uint64(3 * freeStep)
	s.quota.free = func(string) (uint64, error) { return free, nil }
	if _, err := s.Create(3 * freeStep); !errors.Is(err, store.ErrFull) {
		t.Errorf("Create: %v", err)
	}
	o := written(t, s, "x")
	free = 0
	_, err := o.WriteAt(make([]byte, freeStep), 1)
	if !errors.Is(err, store.ErrFull) || !strings.Contains(err.Error(), "0 bytes free") {
		t.Errorf("WriteAt: %v", err)
	}
	free = freeStep
	if _, err := o.WriteAt(make([]byte, freeStep), 1); err != nil {
		t.Errorf("WriteAt, with room: %v", err)
	}
}

// TestFreeBytes: the disk says how much it has.
func TestFreeBytes(t *testing.T) {
	if !canTellFree {
		t.Skip("the system does not tell")
	}
	if free, err := freeBytes(t.TempDir()); err != nil || free == 0 {
		t.Errorf("%d, %v", free, err)
	}
}

// TestOptionsRefused: what cannot be is refused by the name of its field.
func TestOptionsRefused(t *testing.T) {
	for field, opts := range map[string]Options{
		"Existing": {Existing: "x"},
		"FileMode": {FileMode: 0o444},
		"DirMode":  {DirMode: 0o600},
		"UID":      {UID: new(-2)},
		"GID":      {GID: new(-2)},
		"MaxFiles": {MaxFiles: -1},
		"KeepFor":  {KeepFor: -1},
	} {
		s, err := opts.New(t.TempDir())
		if err == nil || !strings.Contains(err.Error(), "Options."+field+" ") {
			t.Errorf("%s: %v, %v", field, s, err)
		}
	}
}
