//go:build !linux

package alarm

import "errors"

func newSystem() (system, error) { return nil, errors.ErrUnsupported }
