//go:build !linux

package udp

import (
	"net"
	"net/netip"
)

// indexByName tells nothing here.
func indexByName(*net.UDPConn, string) (index int, known bool) { return 0, false }

func rebind(*net.UDPConn, netip.Addr, *net.Interface) error { return nil }
