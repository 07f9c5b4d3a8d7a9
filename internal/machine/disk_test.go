package machine

import (
	"errors"
	"path/filepath"
	"testing"
)

// TestDisk: a folder that does not exist yet will be on the disk of the one above it.
func TestDisk(t *testing.T) {
	dir := t.TempDir()
	size, err := Disk(dir)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil || size < 1<<20 {
		t.Fatalf("%d bytes, %v", size, err)
	}
	if n, err := Disk(filepath.Join(dir, "a", "b")); err != nil || n != size {
		t.Errorf("%d bytes, %v, want %d", n, err, size)
	}
}
