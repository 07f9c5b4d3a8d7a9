package lease

import (
	"time"

	"golang.org/x/sys/unix"
)

// clock returns the time since the start of the machine, with that in which it was suspended.
func clock() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return time.Since(started) // Linux has had it since 2.6.39
	}
	return time.Duration(t.Nano())
}
