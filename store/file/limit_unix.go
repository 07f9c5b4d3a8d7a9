//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package file

import (
	"errors"
	"os"
	"syscall"
)

// processLimit returns how many descriptors the process may have.
func processLimit() int {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return unknownLimit
	}
	limit := uint64(r.Cur)                    //nolint:unconvert // an int64 on FreeBSD
	return int(min(limit, maxOpen*openShare)) // no limit is a very high one
}

// isUnlinked reports whether an open file has no name left.
func isUnlinked(f *os.File) bool {
	info, err := f.Stat()
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Nlink == 0
}

// isStale reports an error with which NFS says that a file was removed.
func isStale(err error) bool { return errors.Is(err, syscall.ESTALE) }
