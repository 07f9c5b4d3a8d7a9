//go:build linux && (amd64 || arm64)

package udp

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// maxSegments is how many datagrams all kernels with segmentation offload take in one message.
	maxSegments = 64
	// maxMessage is the most bytes of one message: what UDP over IPv4 takes.
	maxMessage = 65507
	// writeDatagrams bounds the datagrams of one system call with segmentation offload: some messages of a usual size.
	writeDatagrams = 256
)

// batchWriter writes to a connected socket with sendmmsg. It takes the socket out of Go's netpoller: there each
// datagram that leaves the send buffer would wake the thread that waits for events, of timers or of any other socket,
// for nothing. It waits for a full buffer itself. close may be called from any goroutine, the rest belongs to one.
//
// With segmentation offload (UDP_SEGMENT, Linux 4.18) datagrams of one length in a row, the last of which may be
// shorter, are one message: the kernel cuts it as late as possible, which costs a tenth.
type batchWriter struct {
	messages
	mu       sync.Mutex // held while fd is in use
	fd       int
	closed   atomic.Bool
	segments bool      // messages of several datagrams are in use
	limit    int       // datagrams of one system call
	controls []segment // of the messages
	counts   []int     // datagrams of each message
}

// segment is a control message that tells the kernel the length of datagrams.
type segment struct {
	unix.Cmsghdr
	length uint16
	_      [6]byte
}

// init takes over the socket of conn, and closes conn. segments asks for segmentation offload.
func (w *batchWriter) init(conn *net.UDPConn, segments bool) error {
	if err := w.messages.init(conn, unix.SYS_SENDMMSG); err != nil {
		return err
	}
	var failed error
	err := w.raw.Control(func(fd uintptr) { w.fd, failed = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0) })
	if err = errors.Join(err, os.NewSyscallError("fcntl", failed)); err != nil {
		return err
	}
	_, err = unix.GetsockoptInt(w.fd, unix.IPPROTO_UDP, unix.UDP_SEGMENT)
	w.use(segments && err == nil)
	return conn.Close()
}

// use says what one system call takes.
func (w *batchWriter) use(segments bool) {
	w.segments, w.limit = segments, writeSize
	if segments {
		w.limit = writeDatagrams
	}
	w.controls = nil
	w.makeRoom(leastRoom)
}

// leastRoom is for how many datagrams there is room at least. A slow session needs no more.
const leastRoom = 16

// makeRoom makes room for n datagrams in one system call.
func (w *batchWriter) makeRoom(n int) {
	if len(w.iovecs) >= n && len(w.controls) >= n {
		return
	}
	n = min(max(n, 2*len(w.iovecs), leastRoom), w.limit)
	w.grow(n)
	w.counts, w.controls = make([]int, n), make([]segment, n)
	for i := range w.controls {
		c := &w.controls[i]
		c.Level, c.Type = unix.IPPROTO_UDP, unix.UDP_SEGMENT
		c.SetLen(unix.CmsgLen(int(unsafe.Sizeof(c.length))))
	}
}

// offloads reports whether segmentation offload is in use.
func (w *batchWriter) offloads() bool { return w.segments }

// batches says that one call takes several datagrams.
const batches = true

// means says how datagrams are sent, for people.
func (w *batchWriter) means() string {
	if w.segments {
		return "sendmmsg with UDP_SEGMENT"
	}
	return "sendmmsg, without UDP_SEGMENT: the kernel has none (Linux 4.18 has)"
}

// put makes messages of the first datagrams.
func (w *batchWriter) put(datagrams [][]byte) {
	datagrams = datagrams[:min(len(datagrams), w.limit)]
	w.makeRoom(len(datagrams))
	w.want = 0
	for first, pieces := 0, 0; first < len(datagrams); w.want++ {
		n := 1
		if w.segments {
			n = run(datagrams[first:])
		}
		h := &w.headers[w.want].header
		h.Iov = &w.iovecs[pieces]
		length := w.gather(pieces, datagrams[first:first+n])
		h.SetIovlen(length)
		h.Control = nil
		h.SetControllen(0)
		if n > 1 {
			c := &w.controls[w.want]
			c.length = uint16(len(datagrams[first]))
			h.Control = (*byte)(unsafe.Pointer(c))
			h.SetControllen(int(unsafe.Sizeof(*c)))
		}
		w.counts[w.want] = n
		first, pieces = first+n, pieces+length
	}
}

// gather makes the datagrams pieces of memory, from piece i on, and returns how many. Those that follow each other in
// memory are one: a message in one piece costs a sixth less than one in 46.
func (w *batchWriter) gather(i int, datagrams [][]byte) (n int) {
	for at := 0; at < len(datagrams); n++ {
		d := datagrams[at]
		start, length := uintptr(unsafe.Pointer(unsafe.SliceData(d))), len(d)
		for at++; at < len(datagrams); at++ {
			next := datagrams[at]
			if uintptr(unsafe.Pointer(unsafe.SliceData(next))) != start+uintptr(length) {
				break
			}
			length += len(next)
		}
		w.iovecs[i+n].Base = unsafe.SliceData(d)
		w.iovecs[i+n].SetLen(length)
	}
	return n
}

// run returns how many of the datagrams, at least one, can be one message.
func run(datagrams [][]byte) int {
	length, n, size := len(datagrams[0]), 0, 0
	for _, d := range datagrams {
		size += len(d)
		if n == maxSegments || len(d) > length || len(d) == 0 || size > maxMessage {
			break
		}
		if n++; len(d) < length {
			break
		}
	}
	return max(n, 1)
}

// write sends as many datagrams as one call takes: at least one, or none and an error that concerns the first, or a
// datagram that was sent before. After close the error is net.ErrClosed. An *offloadError says that segmentation
// offload is not used any more.
func (w *batchWriter) write(datagrams [][]byte) (int, error) {
	w.put(datagrams)
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
	case w.errno != 0 && w.counts[0] > 1 && refusesSegments(w.errno):
		w.use(false)
		return 0, &offloadError{w.errno}
	case w.errno != 0:
		return 0, os.NewSyscallError("sendmmsg", w.errno)
	}
	return w.sent(), nil
}

// sent returns how many datagrams the last call has sent.
func (w *batchWriter) sent() (n int) {
	for _, count := range w.counts[:w.got] {
		n += count
	}
	return n
}

// refusesSegments reports an error that a message of several datagrams may have, and its datagrams one by one not: the
// interface has no checksum offload (EIO), a datagram is longer than its MTU, or the kernel takes fewer of them.
func refusesSegments(errno syscall.Errno) bool {
	switch errno {
	case unix.EIO, unix.EINVAL, unix.EMSGSIZE, unix.EOPNOTSUPP, unix.ENOPROTOOPT:
		return true
	default:
		return false
	}
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
