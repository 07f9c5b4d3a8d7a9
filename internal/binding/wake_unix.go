//go:build unix

package binding

import "syscall"

// wake is a pipe that holds a byte while something waits.
type wake struct{ read, write int }

func newWake() (*wake, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	var p [2]int
	if err := syscall.Pipe(p[:]); err != nil {
		return nil, err
	}
	for _, fd := range p {
		syscall.CloseOnExec(fd)
		if err := syscall.SetNonblock(fd, true); err != nil {
			_ = syscall.Close(p[0])
			_ = syscall.Close(p[1])
			return nil, err
		}
	}
	return &wake{p[0], p[1]}, nil
}

// set puts the byte in, or takes it out.
func (w *wake) set(waiting bool) {
	var b [1]byte
	if waiting {
		_, _ = syscall.Write(w.write, b[:])
		return
	}
	_, _ = syscall.Read(w.read, b[:])
}

func (w *wake) fd() int { return w.read }

func (w *wake) close() {
	_ = syscall.Close(w.read)
	_ = syscall.Close(w.write)
}
