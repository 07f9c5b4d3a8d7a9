package alarm

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// timerfd is a timer of the kernel in Go's netpoller.
type timerfd struct {
	*os.File
	fd int
}

func newSystem() (system, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("timerfd_create", err)
	}
	return &timerfd{os.NewFile(uintptr(fd), "timerfd"), fd}, nil
}

func (t *timerfd) arm(d time.Duration) error {
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(d))}
	return unix.TimerfdSettime(t.fd, 0, &spec, nil)
}

func (t *timerfd) wait() error {
	var expired [8]byte
	_, err := t.Read(expired[:])
	return err
}
