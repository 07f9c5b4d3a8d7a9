package file

import (
	"errors"
	"fmt"
	"runtime"
	"syscall"

	"github.com/flute-node/flute-node/store"
)

// Windows syncs no folders.
const onWindows = runtime.GOOS == "windows"

// isInvalid reports an error with which file systems say that they sync no folders.
func isInvalid(err error) bool { return errors.Is(err, syscall.EINVAL) }

// nameError makes errors that the name is to blame for wrap [store.ErrName] as well.
func nameError(err error) error {
	for _, e := range []syscall.Errno{
		syscall.EISDIR, syscall.ENOTDIR, syscall.ENOTEMPTY, syscall.ENAMETOOLONG, syscall.EILSEQ,
	} {
		if errors.Is(err, e) {
			return fmt.Errorf("%w: %w", store.ErrName, err)
		}
	}
	return err
}
