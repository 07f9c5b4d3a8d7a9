package udp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// bind opens a socket on exactly group and port: package net would bind to any address, and other groups on the same
// port would arrive too.
func bind(group netip.AddrPort, ifi *net.Interface) (*net.UDPConn, error) {
	domain := unix.AF_INET
	if group.Addr().Is6() {
		domain = unix.AF_INET6
	}
	fd, err := unix.Socket(domain, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	f := os.NewFile(uintptr(fd), "udp")
	defer f.Close() //nolint:errcheck // net.FilePacketConn has a descriptor of its own
	// Several nodes, or several receptions of one, may listen to one group.
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return nil, os.NewSyscallError("SO_REUSEADDR", err)
	}
	var sa unix.Sockaddr
	if domain == unix.AF_INET {
		// Only what this socket joined, not what any other on the machine did.
		err = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0)
		sa = &unix.SockaddrInet4{Port: int(group.Port()), Addr: group.Addr().As4()}
	} else {
		err = errors.Join(unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_ALL, 0),
			unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1))
		sa = &unix.SockaddrInet6{Port: int(group.Port()), Addr: group.Addr().As16(), ZoneId: zoneOf(group.Addr(), ifi)}
	}
	if err != nil {
		return nil, os.NewSyscallError("setsockopt", err)
	}
	if err := unix.Bind(fd, sa); err != nil {
		return nil, os.NewSyscallError("bind", err)
	}
	conn, err := net.FilePacketConn(f)
	if err != nil {
		return nil, err
	}
	return conn.(*net.UDPConn), nil
}

// zoneOf returns the scope of an address that needs one.
func zoneOf(a netip.Addr, ifi *net.Interface) uint32 {
	if ifi != nil && (a.IsLinkLocalMulticast() || a.IsLinkLocalUnicast() || a.IsInterfaceLocalMulticast()) {
		return uint32(ifi.Index)
	}
	if z, err := net.InterfaceByName(a.Zone()); err == nil {
		return uint32(z.Index)
	}
	return 0
}

// connect opens a connected socket. The interface of a multicast sender must be known before the kernel looks up the
// route, so the options are set first.
func connect(to netip.AddrPort, cfg SendConfig, ifi *net.Interface) (*net.UDPConn, error) {
	d := net.Dialer{}
	if cfg.Source.IsValid() {
		d.LocalAddr = net.UDPAddrFromAddrPort(netip.AddrPortFrom(cfg.Source.Unmap(), 0))
	}
	if to.Addr().IsMulticast() {
		d.Control = func(_, _ string, c syscall.RawConn) error {
			var failed error
			err := c.Control(func(fd uintptr) { failed = setMulticastOptions(int(fd), to.Addr(), cfg, ifi) })
			return errors.Join(err, failed)
		}
	}
	conn, err := d.Dial(family(to.Addr()), to.String())
	if err != nil {
		return nil, err
	}
	return conn.(*net.UDPConn), nil
}

func setMulticastOptions(fd int, to netip.Addr, cfg SendConfig, ifi *net.Interface) error {
	ttl, loopback := max(cfg.TTL, 1), 0
	if cfg.Loopback == nil || *cfg.Loopback {
		loopback = 1
	}
	if to.Is6() {
		err := errors.Join(unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_HOPS, ttl),
			unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_LOOP, loopback))
		if ifi != nil {
			err = errors.Join(err, unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_IF, ifi.Index))
		}
		return err
	}
	err := errors.Join(unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_TTL, ttl),
		unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_LOOP, loopback))
	if ifi != nil {
		m := unix.IPMreqn{Ifindex: int32(ifi.Index)}
		if cfg.Source.Is4() {
			m.Address = cfg.Source.As4()
		}
		err = errors.Join(err, unix.SetsockoptIPMreqn(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_IF, &m))
	}
	return err
}

// setReceiveBuffer asks for a buffer of n bytes and returns what the system gave, and a warning if that is less.
func setReceiveBuffer(conn *net.UDPConn, n int) (size int, limited string) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, ""
	}
	_ = raw.Control(func(fd uintptr) {
		// The privileged option is not bound by rmem_max; without the privilege the other one is the best there is.
		if unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, n) != nil {
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, n)
		}
		size, _ = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF)
	})
	// The kernel doubles what is asked, for its own bookkeeping, and reports the double.
	if size < 2*n {
		limited = fmt.Sprintf("udp: the system limits the receive buffer to %d KiB instead of %d KiB: bursts may be lost; "+
			"raise net.core.rmem_max to %d", size/2>>10, n>>10, n)
	}
	return size, limited
}

func isTruncated(flags int) bool { return flags&unix.MSG_TRUNC != 0 }

func isRefused(err error) bool { return errors.Is(err, unix.ECONNREFUSED) }

// isTransient reports an error that passes: of a full queue, or a report about a datagram sent before.
func isTransient(err error) bool {
	return errors.Is(err, unix.ENOBUFS) || errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) ||
		errors.Is(err, unix.ECONNREFUSED)
}
