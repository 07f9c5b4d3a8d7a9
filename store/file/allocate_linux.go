package file

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

const canAllocate = true

// allocate has the disk reserve size bytes for f, which stays as long as it is. File systems that cannot do that do
// nothing.
func allocate(f *os.File, size int64) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var allocErr error
	err = c.Control(func(fd uintptr) {
		for {
			allocErr = unix.Fallocate(int(fd), unix.FALLOC_FL_KEEP_SIZE, 0, size)
			if !errors.Is(allocErr, unix.EINTR) {
				return
			}
		}
	})
	if errors.Is(allocErr, unix.EOPNOTSUPP) {
		allocErr = nil
	}
	return errors.Join(err, allocErr)
}
