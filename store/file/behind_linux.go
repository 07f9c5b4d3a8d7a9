package file

import (
	"errors"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// beginWriting has the system begin to write out n bytes of f. An error is about bytes that may be lost, and may be the
// only one: ext4 drops bytes for which it finds no place, and the sync that follows succeeds (docs/adr/0094). What the
// disk fails to write afterwards, the next sync tells: with the flags of sync_file_range(2) that wait, the system would
// have told already, and fsync would report success.
var beginWriting = func(f *os.File, off, n int64) error {
	err := control(f, func(fd int) error { return unix.SyncFileRange(fd, off, n, unix.SYNC_FILE_RANGE_WRITE) })
	if slices.ContainsFunc(notBegun, func(errno error) bool { return errors.Is(err, errno) }) {
		return nil
	}
	return err
}

// notBegun are the errors that say that the system cannot do so, may not, or not now. The bytes wait in its memory.
var notBegun = []error{
	unix.ENOSYS, unix.EINVAL, unix.EOPNOTSUPP, unix.ESPIPE, unix.EPERM, unix.ENOMEM, unix.EAGAIN,
}
