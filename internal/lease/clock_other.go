//go:build !linux

package lease

import "time"

// clock returns the time since the start of the process.
func clock() time.Duration { return time.Since(started) }
