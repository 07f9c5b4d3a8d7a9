package file

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/flute-node/flute-node/store"
)

func written(t *testing.T, s *Store, content string) store.Object {
	t.Helper()
	o, err := s.Create(uint64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.WriteAt([]byte(content), 0); err != nil {
		t.Fatal(err)
	}
	return o
}

func read(t *testing.T, elem ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(elem...))
	if err != nil {
		t.Error(err)
	}
	return string(b)
}

// TestFolderSyncFails: a folder that cannot be synced after the rename is no failure of the file, which is there; a
// Warning tells, and the next publication tries first.
func TestFolderSyncFails(t *testing.T) {
	if onWindows {
		t.Skip("folders are not synced")
	}
	root := t.TempDir()
	var warnings []string
	s, err := Options{Warn: func(text string) { warnings = append(warnings, text) }}.New(root)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Publish(written(t, s, "old"), "x"); err != nil {
		t.Fatal(err)
	}
	broken := true
	syncs := 0
	s.sync = func(f *os.File) error {
		if syncs++; broken {
			return syscall.EIO
		}
		return syncFolder(f)
	}
	if path, err := s.Publish(written(t, s, "new"), "x"); err != nil || path != "x" {
		t.Errorf("Publish: %q, %v", path, err)
	}
	if got := read(t, root, "x"); got != "new" || len(warnings) != 1 || !strings.Contains(warnings[0], `"x"`) {
		t.Errorf("x = %q, warnings %q", got, warnings)
	}
	o := written(t, s, "newer")
	if _, err := s.Publish(o, "x"); !errors.Is(err, syscall.EIO) {
		t.Errorf("while the folder cannot be synced: %v", err)
	}
	if got := read(t, root, "x"); got != "new" || len(warnings) != 1 {
		t.Errorf("x = %q, warnings %q", got, warnings)
	}
	broken = false
	syncs = 0
	if _, err := s.Publish(o, "x"); err != nil || syncs != 2 {
		t.Errorf("Publish: %v, %d syncs; want one before and one after", err, syncs)
	}
	if _, err := s.Publish(written(t, s, "newest"), "x"); err != nil || syncs != 3 {
		t.Errorf("Publish: %v, %d syncs; want one more", err, syncs)
	}
	if got := read(t, root, "x"); got != "newest" {
		t.Errorf("x = %q", got)
	}
}

// TestSyncFolder: a file system that syncs no folders is no error; all else is.
func TestSyncFolder(t *testing.T) {
	r, w, err := os.Pipe() // neither can that be synced
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := r.Sync(); !isInvalid(err) && !onWindows {
		t.Fatalf("a pipe: %v", err)
	}
	if err := syncFolder(r); err != nil && !onWindows {
		t.Errorf("a pipe: %v", err)
	}
	_ = r.Close()
	if err := syncFolder(r); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a closed file: %v", err)
	}
}
