//go:build linux && (amd64 || arm64)

package udp

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// batchWriter writes to a connected socket with sendmmsg. It takes the socket out of Go's netpoller: there each datagram
// that leaves the send buffer would wake the thread that waits for events, of timers or of any other socket, for nothing.
// It waits for a full buffer itself. close may be called from any goroutine, the rest belongs to one.
type batchWriter struct {
	messages
	mu     sync.Mutex // held while fd is in use
	fd     int
	closed atomic.Bool
}

// init takes over the socket of conn, and closes conn.
func (w *batchWriter) init(conn *net.UDPConn) error {
	w.grow(writeSize)
	if err := w.messages.init(conn, unix.SYS_SENDMMSG); err != nil {
		return err
	}
	var failed error
	err := w.raw.Control(func(fd uintptr) { w.fd, failed = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0) })
	if err = errors.Join(err, os.NewSyscallError("fcntl", failed)); err != nil {
		return err
	}
	return conn.Close()
}

// write sends as many datagrams as one call takes: at least one, or none and an error that concerns the first, or a
// datagram that was sent before. After close the error is net.ErrClosed.
func (w *batchWriter) write(datagrams [][]byte) (int, error) {
	w.want = min(len(datagrams), writeSize)
	for i, d := range datagrams[:w.want] {
		w.set(i, d)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for !w.closed.Load() {
		if w.call(uintptr(w.fd)) {
			break
		}
		// The buffer is full. close shuts the socket down, which ends the wait.
		wait := [1]unix.PollFd{{Fd: int32(w.fd), Events: unix.POLLOUT}}
		if _, err := unix.Poll(wait[:], -1); err != nil && !errors.Is(err, unix.EINTR) {
			return 0, os.NewSyscallError("poll", err)
		}
	}
	switch {
	case w.closed.Load():
		return 0, net.ErrClosed
	case w.errno != 0:
		return 0, os.NewSyscallError("sendmmsg", w.errno)
	}
	return w.got, nil
}

// close closes the socket, and ends a write that waits. It may be called again.
func (w *batchWriter) close() error {
	if w.closed.Swap(true) {
		return net.ErrClosed
	}
	_ = unix.Shutdown(w.fd, unix.SHUT_RDWR) // wakes who waits; a socket whose route is away has nobody to tell
	w.mu.Lock()
	defer w.mu.Unlock()
	return os.NewSyscallError("close", unix.Close(w.fd))
}
