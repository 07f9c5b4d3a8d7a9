//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package file

import (
	"errors"
	"os"
)

// tryLock would lock f, if this system had a way to do it that the death of the process undoes.
func tryLock(*os.File) (bool, error) { return false, errors.ErrUnsupported }
