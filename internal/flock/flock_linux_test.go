package flock

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestNoLocks: a system that cannot lock a file says so. It is not taken for a file that another process has locked.
func TestNoLocks(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(name, unix.O_PATH, 0)
	if err != nil {
		t.Fatal(err)
	}
	if locked, err := Try(f); locked || err == nil {
		t.Errorf("a file that cannot be locked: %v, %v", locked, err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if locked, err := Try(f); locked || err == nil {
		t.Errorf("a file that is closed: %v, %v", locked, err)
	}
}
