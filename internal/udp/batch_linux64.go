//go:build linux && (amd64 || arm64)

package udp

import (
	"errors"
	"math/bits"
	"net"
	"net/netip"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/flute-node/flute-node/internal/slab"
)

// writeSize is how many datagrams go into one system call. A receiver on the same machine gets all the time that passes
// between two calls to empty its buffer; more than 64 gain nothing.
const writeSize = 64

// mmsghdr is struct mmsghdr of 64-bit Linux, which x/sys lacks.
type mmsghdr struct {
	header unix.Msghdr
	n      uint32
	_      [4]byte
}

// messages is what one system call for several messages needs; the indices belong together. The kernel reads and writes
// it through pointers that the garbage collector sees. x/net has the same, but allocates two addresses for each
// datagram it reads.
type messages struct {
	raw     syscall.RawConn
	trap    uintptr
	headers []mmsghdr
	iovecs  []unix.Iovec
	ready   func(fd uintptr) bool // call, bound once: a closure for each batch would be allocated
	want    int
	got     int
	errno   syscall.Errno
	refuse  func() syscall.Errno // what the kernel answers in its place, if not 0; nil but in tests
}

func (m *messages) init(conn *net.UDPConn, trap uintptr) error {
	raw, err := conn.SyscallConn()
	m.raw, m.trap, m.ready = raw, trap, m.call
	return err
}

// grow makes room for n messages.
func (m *messages) grow(n int) {
	m.headers, m.iovecs = make([]mmsghdr, n), make([]unix.Iovec, n)
	for i := range m.headers {
		m.headers[i].header.Iov = &m.iovecs[i]
		m.headers[i].header.SetIovlen(1)
	}
}

// set makes message i use the memory b, which may be empty.
func (m *messages) set(i int, b []byte) {
	m.iovecs[i].Base = unsafe.SliceData(b)
	m.iovecs[i].SetLen(len(b))
}

// call is called by the netpoller whenever the socket may be ready; false makes it wait.
func (m *messages) call(fd uintptr) bool {
	if m.refuse != nil {
		if m.got, m.errno = 0, m.refuse(); m.errno != 0 {
			return true
		}
	}
	for {
		n, _, errno := unix.Syscall6(
			m.trap, fd, uintptr(unsafe.Pointer(&m.headers[0])), uintptr(m.want), unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			m.got, m.errno = int(n), 0
			return true
		case unix.EINTR:
		default:
			m.got, m.errno = 0, errno
			return errno != unix.EAGAIN
		}
	}
}

// send sends what was set.
func (m *messages) send() (int, error) {
	if err := m.raw.Write(m.ready); err != nil {
		return 0, err
	}
	if m.errno != 0 {
		return 0, os.NewSyscallError("sendmmsg", m.errno)
	}
	return m.got, nil
}

// batchReader reads with recvmmsg.
type batchReader struct {
	messages
	names  []unix.RawSockaddrInet6 // RawSockaddrInet4 fits in
	joined *joined                 // nil: each message is one datagram
	peek   func(fd uintptr) bool   // isReadable, bound once
	peeked bool
	look   func(fd uintptr) bool // lookOnce, bound once
	there  bool                  // what lookOnce has seen

	reports *reports // nil: nobody hears
}

func (r *batchReader) init(conn *net.UDPConn) error {
	r.peek, r.look = r.isReadable, r.lookOnce
	return r.messages.init(conn, unix.SYS_RECVMMSG)
}

// wait blocks until a datagram is there, and reads nothing.
func (r *batchReader) wait() error {
	r.peeked = false
	return r.raw.Read(r.peek)
}

// isThere reports whether a datagram is there.
func (r *batchReader) isThere() (bool, error) {
	r.peeked, r.there = false, false
	err := r.raw.Read(r.look)
	return r.there, err
}

// lookOnce is called by the netpoller, which waits for nothing then.
func (r *batchReader) lookOnce(fd uintptr) bool {
	r.there = r.isReadable(fd)
	return true
}

// full reports whether the last read has filled all its slots. It does once for each read.
func (r *batchReader) full() bool {
	full := r.want > 1 && r.got == r.want
	r.got = 0
	return full
}

// isReadable is called by the netpoller: it looks once, and believes it when it is called again.
func (r *batchReader) isReadable(fd uintptr) bool {
	for !r.peeked {
		_, _, errno := unix.Syscall6(unix.SYS_RECVFROM, fd, 0, 0, unix.MSG_PEEK|unix.MSG_DONTWAIT, 0, 0)
		if errno != 0 && errno != unix.EINTR && r.reports != nil {
			r.reports.drain(fd)
			if errno != unix.EAGAIN {
				continue // it was about a datagram that was sent
			}
		}
		if errno != unix.EINTR {
			r.peeked = true
			return errno != unix.EAGAIN
		}
	}
	return true
}

// errNoRoom is a mistake of the caller.
var errNoRoom = errors.New("udp: no room for a datagram in the slab")

// read blocks until datagrams are there, and fills out from its start. Each gets len(b)/len(out) bytes of b.
func (r *batchReader) read(b []byte, out []slab.Datagram) (int, error) {
	if len(out) == 0 || len(b) < len(out) {
		return 0, errNoRoom
	}
	slots := len(out)
	if r.joined != nil {
		slots = r.joined.slots(b, out)
	}
	slot := len(b) / slots
	if err := r.receive(b, slots, slot); err != nil {
		return 0, err
	}
	if r.joined != nil {
		return r.joined.split(r, b, slot, out), nil
	}
	for i := range r.got {
		m := &r.headers[i]
		out[i] = slab.Datagram{
			Data:      b[i*slot : i*slot+int(m.n) : (i+1)*slot],
			Source:    sourceOf(&r.names[i]),
			Truncated: m.header.Flags&unix.MSG_TRUNC != 0,
		}
	}
	return r.got, nil
}

// receive receives into so many slots of b.
func (r *batchReader) receive(b []byte, slots, slot int) error {
	if len(r.headers) < slots {
		r.grow(slots)
		r.names = make([]unix.RawSockaddrInet6, slots)
		for i := range r.headers {
			r.headers[i].header.Name = (*byte)(unsafe.Pointer(&r.names[i]))
		}
		if r.joined != nil {
			r.joined.controls = make([]segmentControl, slots)
		}
	}
	for i := range slots {
		r.set(i, b[i*slot:(i+1)*slot])
		r.headers[i].header.Namelen = uint32(unsafe.Sizeof(r.names[i]))
		if r.joined != nil {
			r.joined.prepare(&r.headers[i].header, i)
		}
	}
	r.want = slots
	err := r.raw.Read(r.ready)
	for i := range slots {
		r.iovecs[i].Base = nil // or b is kept in memory until the next read
	}
	switch {
	case err != nil:
		return err
	case r.errno != 0:
		return os.NewSyscallError("recvmmsg", r.errno)
	}
	return nil
}

// sourceOf allocates nothing. Both processors are little-endian; the port is not.
func sourceOf(name *unix.RawSockaddrInet6) netip.AddrPort {
	port := bits.ReverseBytes16(name.Port)
	if name.Family == unix.AF_INET {
		return netip.AddrPortFrom(netip.AddrFrom4((*unix.RawSockaddrInet4)(unsafe.Pointer(name)).Addr), port)
	}
	return netip.AddrPortFrom(netip.AddrFrom16(name.Addr).Unmap(), port)
}

// addressOf fills name with an address, of which IPv4 may be mapped into IPv6, and returns its length.
func addressOf(name *unix.RawSockaddrInet6, to netip.AddrPort) uint32 {
	port := bits.ReverseBytes16(to.Port())
	if a := to.Addr().Unmap(); a.Is4() {
		name4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(name))
		*name4 = unix.RawSockaddrInet4{Family: unix.AF_INET, Port: port, Addr: a.As4()}
		return unix.SizeofSockaddrInet4
	}
	*name = unix.RawSockaddrInet6{Family: unix.AF_INET6, Port: port, Addr: to.Addr().As16()}
	return unix.SizeofSockaddrInet6
}
