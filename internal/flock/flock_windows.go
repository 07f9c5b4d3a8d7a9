package flock

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// Try locks f for this open file, and reports whether it could. The system unlocks it when f is closed, also by the
// death of the process. An error says that the file system has no locks.
func Try(f *os.File) (bool, error) {
	c, err := f.SyscallConn()
	if err != nil {
		return false, err
	}
	var lockErr error
	err = c.Control(func(fd uintptr) {
		const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
		lockErr = windows.LockFileEx(windows.Handle(fd), flags, 0, 1, 0, &windows.Overlapped{})
	})
	if errors.Is(lockErr, windows.ERROR_LOCK_VIOLATION) || errors.Is(lockErr, windows.ERROR_IO_PENDING) {
		return false, nil
	}
	err = errors.Join(err, lockErr)
	return err == nil, err
}
