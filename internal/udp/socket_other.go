//go:build !linux

package udp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// bind opens a socket on the port. Package net binds a multicast group to any address, with SO_REUSEADDR.
func bind(group netip.AddrPort, _ *net.Interface) (*net.UDPConn, error) {
	var lc net.ListenConfig
	conn, err := lc.ListenPacket(context.Background(), family(group.Addr()), group.String())
	if err != nil {
		return nil, err
	}
	return conn.(*net.UDPConn), nil
}

func connect(to netip.AddrPort, cfg SendConfig, ifi *net.Interface) (*net.UDPConn, error) {
	d := net.Dialer{}
	if cfg.Source.IsValid() {
		d.LocalAddr = net.UDPAddrFromAddrPort(netip.AddrPortFrom(cfg.Source.Unmap(), 0))
	}
	conn, err := d.Dial(family(to.Addr()), to.String())
	if err != nil {
		return nil, err
	}
	c := conn.(*net.UDPConn)
	if to.Addr().IsMulticast() {
		if err := setMulticast(c, to.Addr(), cfg, ifi); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return c, nil
}

// setReceiveBuffer asks for less and less until the system agrees.
func setReceiveBuffer(conn *net.UDPConn, n int) (size int, limited string) {
	for size = n; size > 64<<10; size /= 2 {
		if conn.SetReadBuffer(size) == nil {
			break
		}
	}
	if size < n {
		limited = fmt.Sprintf("udp: the system limits the receive buffer to %d KiB instead of %d KiB: bursts may be lost",
			size>>10, n>>10)
	}
	return size, limited
}

// isTruncated: not told by package net here.
func isTruncated(int) bool { return false }

func isRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

func isTransient(err error) bool {
	return errors.Is(err, syscall.ENOBUFS) || errors.Is(err, syscall.ECONNREFUSED)
}

// setMulticast sets the options of a multicast sender.
func setMulticast(conn *net.UDPConn, to netip.Addr, cfg SendConfig, ifi *net.Interface) error {
	ttl, loopback := max(cfg.TTL, 1), cfg.Loopback == nil || *cfg.Loopback
	if to.Is4() {
		p := ipv4.NewPacketConn(conn)
		err := errors.Join(p.SetMulticastTTL(ttl), p.SetMulticastLoopback(loopback))
		if ifi != nil {
			err = errors.Join(err, p.SetMulticastInterface(ifi))
		}
		return err
	}
	p := ipv6.NewPacketConn(conn)
	err := errors.Join(p.SetMulticastHopLimit(ttl), p.SetMulticastLoopback(loopback))
	if ifi != nil {
		err = errors.Join(err, p.SetMulticastInterface(ifi))
	}
	return err
}
