//go:build !linux

package iobench

import (
	"context"
	"time"
)

// LeanFiles returns zero: only Linux has a sync of one file system.
func LeanFiles(context.Context, string, int, []byte) (time.Duration, error) { return 0, nil }
