//go:build darwin || freebsd || linux || openbsd

package file

import "golang.org/x/sys/unix"

const canTellFree = true

// freeBytes returns how many bytes of the disk that path is on are free for this user.
func freeBytes(path string) (uint64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return 0, err
	}
	return freeBlocks(&st), nil
}
