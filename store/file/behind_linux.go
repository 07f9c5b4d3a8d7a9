package file

import (
	"os"

	"golang.org/x/sys/unix"
)

// beginWriting has the system begin to write out n bytes of f. What fails then, the next sync tells: with the flags of
// sync_file_range(2) that wait, the system would have told already, and fsync would report success.
var beginWriting = func(f *os.File, off, n int64) {
	_ = control(f, func(fd int) error { return unix.SyncFileRange(fd, off, n, unix.SYNC_FILE_RANGE_WRITE) })
}
