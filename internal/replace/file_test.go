package replace

import (
	"os"
	"path/filepath"
	"testing"
)

// A file is made, and replaced; nothing else is left in its folder, also where it cannot be replaced.
func TestFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state")
	for _, content := range []string{"a long content", "short"} {
		if err := File(path, []byte(content)); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != content {
			t.Errorf("%q, %v", b, err)
		}
	}
	folder := filepath.Join(dir, "folder")
	if err := os.MkdirAll(filepath.Join(folder, "within"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := File(folder, []byte("x")); err == nil {
		t.Error("a folder was replaced")
	}
	if err := File(filepath.Join(dir, "missing", "state"), nil); err == nil {
		t.Error("a file in no folder")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("%v, %v", entries, err)
	}
}
