//go:build !linux

package file

import (
	"errors"
	"os"
)

const canAllocate = false

func allocate(*os.File, int64) error { return errors.ErrUnsupported }

// reserveAt is nil: nothing is reserved.
var reserveAt func(f *os.File, off, n int64) error

func isExt4(*os.File) bool { return false }
