package file

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

const canAllocate = true

// allocate has the disk reserve size bytes for f, which stays as long as it is. File systems that cannot do that do
// nothing.
func allocate(f *os.File, size int64) error {
	err := allocateAt(f, 0, size)
	if errors.Is(err, unix.EOPNOTSUPP) {
		return nil
	}
	return err
}

// allocateAt has the disk reserve n bytes for f from off on.
func allocateAt(f *os.File, off, n int64) error {
	return control(f, func(fd int) error { return unix.Fallocate(fd, unix.FALLOC_FL_KEEP_SIZE, off, n) })
}

// reserveAt is allocateAt where the disk has plenty: what is reserved for one file shall not be what another one lacks.
var reserveAt = func(f *os.File, off, n int64) error {
	var fs unix.Statfs_t
	if err := control(f, func(fd int) error { return unix.Fstatfs(fd, &fs) }); err != nil {
		return err
	}
	if freeBlocks(&fs) < leastFree {
		return unix.ENOSPC
	}
	return allocateAt(f, off, n)
}

// isExt4 reports whether a folder is on ext4, or on one of its predecessors, which reserve nothing.
func isExt4(folder *os.File) bool {
	var fs unix.Statfs_t
	err := control(folder, func(fd int) error { return unix.Fstatfs(fd, &fs) })
	return err == nil && int64(fs.Type) == unix.EXT4_SUPER_MAGIC //nolint:unconvert // int32 on 32 bits
}
