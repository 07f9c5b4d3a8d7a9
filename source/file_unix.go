//go:build unix

package source

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// readOnly does not wait for a writer where there is a pipe.
const readOnly = os.O_RDONLY | syscall.O_NONBLOCK

// identity tells two files apart.
func identity(info fs.FileInfo) string {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return fmt.Sprintf("%d:%d:", s.Dev, s.Ino)
	}
	return ""
}
