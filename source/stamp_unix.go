//go:build unix

package source

import (
	"io/fs"
	"os"
	"syscall"
)

// readOnly does not wait for a writer where there is a pipe.
const readOnly = os.O_RDONLY | syscall.O_NONBLOCK

// stampOf returns the stamp of a file.
func stampOf(info fs.FileInfo) stamp {
	s := stamp{size: info.Size(), nanoseconds: info.ModTime().UnixNano()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		s.known, s.device, s.inode = true, int64(st.Dev), st.Ino
	}
	return s
}
