//go:build !linux

package file

import (
	"errors"
	"os"
)

const canAllocate = false

func allocate(*os.File, int64) error { return errors.ErrUnsupported }
