//go:build unix

package source

import (
	"io/fs"
	"os"
	"strconv"
	"syscall"
)

// readOnly does not wait for a writer where there is a pipe.
const readOnly = os.O_RDONLY | syscall.O_NONBLOCK

// identity tells two files apart.
func identity(info fs.FileInfo) string {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return strconv.FormatInt(int64(s.Dev), 10) + ":" + strconv.FormatUint(s.Ino, 10) + ":"
	}
	return ""
}
