package file

import (
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// disks are the file systems of which it is known that a sync of them makes durable what a sync of each file would, and
// that it tells of errors. FUSE and servers may do nothing at all.
var disks = []int64{unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.F2FS_SUPER_MAGIC}

// syncAllOf returns the function that syncs the file system of folder; nil: there is none. Linux tells of errors since
// version 5.8.
func syncAllOf(folder *os.File) func() error {
	var fs unix.Statfs_t
	err := control(folder, func(fd int) error { return unix.Fstatfs(fd, &fs) })
	if err != nil || !slices.Contains(disks, int64(fs.Type)) || !isSince(5, 8) { //nolint:unconvert // int32 on 32 bits
		return nil
	}
	return func() error { return control(folder, unix.Syncfs) }
}

// isSince reports whether the kernel is of that version or a later one.
func isSince(major, minor int) bool {
	var u unix.Utsname
	return unix.Uname(&u) == nil && isRelease(unix.ByteSliceToString(u.Release[:]), major, minor)
}

// isRelease reports whether a release of Linux, such as 5.10.0-8-amd64, is of that version or a later one.
func isRelease(release string, major, minor int) bool {
	var a, b int
	_, err := fmt.Sscanf(release, "%d.%d", &a, &b)
	return err == nil && (a > major || a == major && b >= minor)
}
