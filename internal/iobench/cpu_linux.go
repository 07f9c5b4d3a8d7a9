package iobench

import (
	"time"

	"golang.org/x/sys/unix"
)

// spent returns the processor time of this thread so far. The caller has locked it.
func spent() time.Duration {
	processor, _ := used(unix.RUSAGE_THREAD)
	return processor
}

// Used returns what this process has used so far: processor time, and the most bytes of memory at once.
func Used() (processor time.Duration, memory uint64) {
	return used(unix.RUSAGE_SELF)
}

func used(who int) (processor time.Duration, memory uint64) {
	var u unix.Rusage
	if unix.Getrusage(who, &u) != nil {
		return 0, 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), uint64(u.Maxrss) << 10
}

// Settle has the system write out what it has in memory of files, so that nobody else pays for that.
func Settle() { unix.Sync() }
