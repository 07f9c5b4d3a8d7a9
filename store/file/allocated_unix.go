//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package file

import (
	"io/fs"
	"syscall"
)

// allocated returns how many bytes a file takes on the disk: less than its size if it has holes.
func allocated(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(max(0, st.Blocks)) * 512
	}
	return uint64(info.Size())
}
