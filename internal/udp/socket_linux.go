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

// option is one socket option that has an integer as its value.
type option struct {
	name               string
	level, opt, value  int
	absentOnOldKernels bool
}

func (o option) set(fd int) error {
	err := unix.SetsockoptInt(fd, o.level, o.opt, o.value)
	if o.absentOnOldKernels && errors.Is(err, unix.ENOPROTOOPT) {
		return nil
	}
	return os.NewSyscallError(o.name, err)
}

func setAll(fd int, options ...option) error {
	for _, o := range options {
		if err := o.set(fd); err != nil {
			return err
		}
	}
	return nil
}

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
	var options []option
	if group.Addr().IsMulticast() {
		// Several nodes, or several receptions of one, may listen to one group. Of a unicast address only the last to
		// come would get the datagrams; without the option that one gets an error.
		options = append(options, option{"SO_REUSEADDR", unix.SOL_SOCKET, unix.SO_REUSEADDR, 1, false})
	}
	var sa unix.Sockaddr
	// MULTICAST_ALL: only what this socket joined, not what any other on the machine did.
	if domain == unix.AF_INET {
		options = append(options, option{"IP_MULTICAST_ALL", unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0, false})
		sa = &unix.SockaddrInet4{Port: int(group.Port()), Addr: group.Addr().As4()}
	} else {
		options = append(options,
			option{"IPV6_MULTICAST_ALL", unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_ALL, 0, true},
			option{"IPV6_V6ONLY", unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1, false})
		sa = &unix.SockaddrInet6{Port: int(group.Port()), Addr: group.Addr().As16(), ZoneId: uint32(indexOf(ifi))}
	}
	if err := setAll(fd, options...); err != nil {
		return nil, err
	}
	if domain == unix.AF_INET6 && group.Addr().IsMulticast() && ifi != nil {
		// For IPv4 the kernel compares the interface with the membership, for IPv6 it does not. Before Linux 5.7 this
		// takes a privilege; without it datagrams of other interfaces get in if they are joined there too.
		if err := unix.BindToDevice(fd, ifi.Name); err != nil && !errors.Is(err, unix.EPERM) {
			return nil, os.NewSyscallError("SO_BINDTODEVICE", err)
		}
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

// connect opens a connected socket. The interface of a multicast sender must be known before the kernel looks up the
// route, so the options are set first.
func connect(to netip.AddrPort, cfg SendConfig, ifi *net.Interface) (*net.UDPConn, error) {
	d := net.Dialer{}
	if cfg.Source.IsValid() {
		d.LocalAddr = net.UDPAddrFromAddrPort(netip.AddrPortFrom(cfg.Source, 0))
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
		return setAll(fd,
			option{"IPV6_MULTICAST_HOPS", unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_HOPS, ttl, false},
			option{"IPV6_MULTICAST_LOOP", unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_LOOP, loopback, false},
			option{"IPV6_MULTICAST_IF", unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_IF, indexOf(ifi), false})
	}
	if ifi != nil {
		m := unix.IPMreqn{Ifindex: int32(ifi.Index)}
		if cfg.Source.IsValid() {
			m.Address = cfg.Source.As4()
		}
		if err := unix.SetsockoptIPMreqn(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_IF, &m); err != nil {
			return os.NewSyscallError("IP_MULTICAST_IF", err)
		}
	}
	return setAll(fd,
		option{"IP_MULTICAST_TTL", unix.IPPROTO_IP, unix.IP_MULTICAST_TTL, ttl, false},
		option{"IP_MULTICAST_LOOP", unix.IPPROTO_IP, unix.IP_MULTICAST_LOOP, loopback, false})
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
	if size/2 < n {
		limited = fmt.Sprintf("udp: the system limits the receive buffer to %d KiB instead of %d KiB: "+
			"bursts may be lost; to allow it: sysctl -w net.core.rmem_max=%d", size/2>>10, n>>10, n)
	}
	return size, limited
}

// setFragmenting says whether datagrams may be cut where a link takes only shorter ones. If not, all are sent as they
// are, with "don't fragment", whatever the kernel believes of the path.
func setFragmenting(conn *net.UDPConn, is4, may bool) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	o := option{"IPV6_MTU_DISCOVER", unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_PROBE, false}
	if is4 {
		o = option{"IP_MTU_DISCOVER", unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_PROBE, false}
	}
	if may {
		o.value = unix.IP_PMTUDISC_DONT // the same number for both
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = o.set(int(fd)) })
	return errors.Join(err, failed)
}
