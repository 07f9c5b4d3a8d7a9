package watch

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestWatcherReplacedFolder: what comes into a folder that has taken the place of another one is told at once, also
// below it, and if it is the watched one itself. At no time there is none, so that no look can find it missing.
func TestWatcherReplacedFolder(t *testing.T) {
	for _, folder := range []string{"box", "box/sub", "box/sub/below"} {
		t.Run(folder, func(t *testing.T) {
			dir := t.TempDir()
			for _, d := range []string{"box", "next", "next/sub"} {
				if err := os.MkdirAll(filepath.Join(dir, d, "sub/below"), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			r := watchFolder(t, filepath.Join(dir, "box"), Config{Rescan: time.Hour})
			r.write("sub/below/a", "1")
			r.wants("file:///box/sub/below/a 1")
			next := filepath.Join(dir, "next")
			if folder != "box" {
				next = filepath.Join(dir, "next/sub")
			}
			if folder == "box/sub/below" {
				next = filepath.Join(dir, "next/sub/below")
			}
			if err := unix.Renameat2(unix.AT_FDCWD, next, unix.AT_FDCWD, filepath.Join(dir, folder),
				unix.RENAME_EXCHANGE); err != nil {
				t.Skip(err)
			}
			r.wants("- sub/below/a")
			time.Sleep(10 * leastPause) // whatever was told of the exchange has been looked at
			r.write("sub/below/b", "2")
			r.wants("file:///box/sub/below/b 2")
		})
	}
}
