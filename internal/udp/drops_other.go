//go:build !linux || !(amd64 || arm64)

package udp

import "net"

// dropCount stays 0: the count is not known here.
type dropCount struct{ total uint64 }

func (*dropCount) read(*net.UDPConn) {}

// hasRoom is not known here.
func (*dropCount) hasRoom(*net.UDPConn) bool { return false }
