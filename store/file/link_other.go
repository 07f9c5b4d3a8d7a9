//go:build !darwin && !freebsd && !linux && !netbsd && !openbsd

package file

import "errors"

func linkBetween(_, _ *stage, _ string) error { return errors.ErrUnsupported }
