//go:build !darwin && !freebsd && !linux && !windows

package machine

import "errors"

func sizeOf(string) (uint64, error) { return 0, errors.ErrUnsupported }
