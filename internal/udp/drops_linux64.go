//go:build linux && (amd64 || arm64)

package udp

import (
	"net"
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
}

// read asks the socket for its count of drops. SO_RXQ_OVFL would tell the same, but only with the next datagram.
func (d *dropCount) read(conn *net.UDPConn) {
	if info, ok := memInfo(conn); ok {
		d.add(info[memInfoDrops])
	}
}

// hasRoom reports whether a quarter of the buffer of a socket is free. false: the system does not tell.
func hasRoom(conn *net.UDPConn) bool {
	info, ok := memInfo(conn)
	return ok && info[memInfoWaiting] <= info[memInfoSize]/4*3
}

// memInfo asks the system for SO_MEMINFO.
func memInfo(conn *net.UDPConn) (info [memInfoVars]uint32, ok bool) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return info, false
	}
	err = raw.Control(func(fd uintptr) {
		size := uint32(unsafe.Sizeof(info))
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_MEMINFO,
			uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
		ok = errno == 0 && size == uint32(unsafe.Sizeof(info))
	})
	return info, ok && err == nil
}

func (d *dropCount) add(now uint32) {
	d.total += uint64(now - d.last)
	d.last = now
}
