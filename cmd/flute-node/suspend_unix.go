//go:build unix

package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// canSuspend reports whether somebody is there who can have this process go on, once Ctrl-Z has stopped it: a shell in
// its session. The system lets nothing else be stopped by Ctrl-Z (an orphaned process group).
func canSuspend() bool {
	own, err := unix.Getsid(0)
	if err != nil {
		return false
	}
	parent, err := unix.Getsid(os.Getppid())
	return err == nil && parent == own && unix.Getpgrp() != own
}
