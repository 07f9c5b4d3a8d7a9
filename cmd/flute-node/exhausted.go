package main

import (
	"errors"
	"syscall"
)

// remedy returns what to raise where err says that the system has no more of something; else the empty string.
func remedy(err error) string {
	switch {
	case errors.Is(err, syscall.EMFILE):
		return "; raise the limit of open files of a process: ulimit -n, or LimitNOFILE= of its systemd unit"
	case errors.Is(err, syscall.ENFILE):
		return "; raise the limit of open files of the system: sysctl fs.file-max"
	case errors.Is(err, syscall.ENOMEM):
		return "; the system has no more memory for it: lower --memory, or raise what the process may have (" +
			"ulimit -v, MemoryMax= of its systemd unit)"
	}
	return ""
}
