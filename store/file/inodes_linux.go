package file

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// withInodes returns err, of what could not be made in the folder dir, and adds to "no space left on device" that the
// disk has no inodes left, since df shows space.
func withInodes(err error, dir string) error {
	var fs unix.Statfs_t
	if !errors.Is(err, unix.ENOSPC) || unix.Statfs(dir, &fs) != nil {
		return err
	}
	if fs.Bavail > 0 && fs.Files > 0 && fs.Ffree == 0 { // some file systems count none
		return fmt.Errorf("%w (it has no inodes left, see df -i)", err)
	}
	return err
}
