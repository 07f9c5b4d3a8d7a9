package pacing

import (
	"time"

	"golang.org/x/sys/unix"
)

// nanosleep blocks the thread in the kernel. A signal may end it early; Sleep looks at the clock.
func nanosleep(d time.Duration) {
	ts := unix.NsecToTimespec(int64(d))
	_ = unix.Nanosleep(&ts, nil)
}
