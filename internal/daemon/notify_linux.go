package daemon

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// reloading is what systemd wants to hear when a reload begins: the time of CLOCK_MONOTONIC belongs to it.
func reloading() []string {
	lines := []string{"RELOADING=1"}
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err == nil {
		lines = append(lines, fmt.Sprintf("MONOTONIC_USEC=%d", t.Nano()/1000))
	}
	return lines
}
