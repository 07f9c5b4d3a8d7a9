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

// Used returns what this process has used so far: processor time, and the most bytes of memory at once.
func Used() (processor time.Duration, memory uint64) {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0, 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), uint64(u.Maxrss) << 10
}
