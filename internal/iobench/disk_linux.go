package iobench

import (
	"os"

	"golang.org/x/sys/unix"
)

// reserve has the disk settle where the next n bytes of f are going to lie. Where that is not possible they are
// written all the same.
func reserve(f *os.File, n int64) { _ = unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, n) }

// beginWriting has the system begin to write out n bytes of f. Its errors are those of the sync.
func beginWriting(f *os.File, off, n int64) {
	_ = unix.SyncFileRange(int(f.Fd()), off, n, unix.SYNC_FILE_RANGE_WRITE)
}
