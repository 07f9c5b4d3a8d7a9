package iobench

import (
	"time"

	"golang.org/x/sys/unix"
)

// spent returns the processor time of this thread so far. The caller has locked it.
func spent() time.Duration {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_THREAD, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
