//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package flock

import (
	"errors"
	"os"
)

// Try would lock f, if this system had a way to do it that the death of the process undoes.
func Try(*os.File) (bool, error) { return false, errors.ErrUnsupported }
