//go:build linux && (amd64 || arm64)

package udp

import (
	"net"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The layout of SO_MEMINFO (include/uapi/linux/sock_diag.h).
const (
	memInfoVars    = 9
	memInfoWaiting = 0
	memInfoSize    = 1
	memInfoDrops   = 8
)

// dropCount counts on when the kernel's 32 bits wrap around.
type dropCount struct {
	total uint64
	last  uint32
	info  memInfo
}

// read asks the socket for its count of drops. SO_RXQ_OVFL would tell the same, but only with the next datagram.
func (d *dropCount) read(conn *net.UDPConn) {
	if d.info.look(conn) {
		d.add(d.info.vars[memInfoDrops])
	}
}

// hasRoom reports whether a quarter of the buffer of the socket is free. false: the system does not tell.
func (d *dropCount) hasRoom(conn *net.UDPConn) bool {
	return d.info.look(conn) && d.info.vars[memInfoWaiting] <= d.info.vars[memInfoSize]/4*3
}

func (d *dropCount) add(now uint32) {
	d.total += uint64(now - d.last)
	d.last = now
}

// memInfo asks the system for SO_MEMINFO of one socket.
type memInfo struct {
	raw   syscall.RawConn
	ask   func(fd uintptr) // call, bound once: a reader asks after each read, and a closure would be allocated
	vars  [memInfoVars]uint32
	size  uint32
	errno syscall.Errno
}

// look makes vars those of now. It reports whether the system has told.
func (m *memInfo) look(conn *net.UDPConn) bool {
	if m.raw == nil {
		raw, err := conn.SyscallConn()
		if err != nil {
			return false
		}
		m.raw, m.ask = raw, m.call
	}
	return m.raw.Control(m.ask) == nil && m.errno == 0 && m.size == uint32(unsafe.Sizeof(m.vars))
}

func (m *memInfo) call(fd uintptr) {
	m.size = uint32(unsafe.Sizeof(m.vars))
	_, _, m.errno = unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_MEMINFO,
		uintptr(unsafe.Pointer(&m.vars)), uintptr(unsafe.Pointer(&m.size)), 0)
}
