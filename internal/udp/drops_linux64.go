//go:build linux && (amd64 || arm64)

package udp

import (
	"net"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The layout of SO_MEMINFO (include/uapi/linux/sock_diag.h).
const (
	memInfoVars  = 9
	memInfoDrops = 8
)

// kernelDrops asks the socket for its count of drops.
func kernelDrops(conn *net.UDPConn) (drops uint64) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) {
		var info [memInfoVars]uint32
		size := uint32(unsafe.Sizeof(info))
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_MEMINFO,
			uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
		if errno == 0 && size == uint32(unsafe.Sizeof(info)) {
			drops = uint64(info[memInfoDrops])
		}
	})
	return drops
}
