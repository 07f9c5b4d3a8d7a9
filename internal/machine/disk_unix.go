//go:build darwin || freebsd || linux

package machine

import "golang.org/x/sys/unix"

func sizeOf(path string) (uint64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return 0, err
	}
	return st.Blocks * uint64(st.Bsize), nil
}
