//go:build !(darwin || freebsd || linux || netbsd || openbsd)

package file

import (
	"errors"
	"io/fs"
	"os"
)

// canBeAt: nothing is moved or looked at by open folders.
const canBeAt = false

func moveAt(*os.File, string, *os.File, string) error { return errors.ErrUnsupported }

func createAt(*os.File, string, fs.FileMode) (*os.File, error) { return nil, errors.ErrUnsupported }

func entryAt(*os.File, string) (entry, error) { return entry{}, errors.ErrUnsupported }
