package iobench

import (
	"os"
	"path/filepath"
	"testing"
)

// TestLeanFiles: all files are published whole, whatever their number, and none is left staged.
func TestLeanFiles(t *testing.T) {
	for _, n := range []int{1, 7, 3*leanRound + 1} {
		dir := t.TempDir()
		if took, err := LeanFiles(t.Context(), dir, n, []byte("content")); err != nil || took <= 0 {
			t.Fatal(took, err)
		}
		files, err := os.ReadDir(filepath.Join(dir, "files"))
		if err != nil || len(files) != n {
			t.Errorf("%d files, want %d: %v", len(files), n, err)
		}
		for _, f := range files {
			if b, err := os.ReadFile(filepath.Join(dir, "files", f.Name())); string(b) != "content" {
				t.Errorf("%s has %q: %v", f.Name(), b, err)
			}
		}
		if staged, err := os.ReadDir(filepath.Join(dir, "stage")); err != nil || len(staged) != 0 {
			t.Errorf("%d files are left staged: %v", len(staged), err)
		}
	}
}
