package file

import (
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
	if unix.Uname(&u) != nil {
		return false
	}
	var version [2]int
	i := 0
	for _, c := range u.Release {
		switch {
		case c >= '0' && c <= '9':
			version[i] = 10*version[i] + int(c-'0')
		case c == '.' && i == 0:
			i = 1
		default:
			return version[0] > major || version[0] == major && version[1] >= minor
		}
	}
	return false
}
