//go:build !linux

package udp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

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
		d.LocalAddr = net.UDPAddrFromAddrPort(netip.AddrPortFrom(cfg.Source, 0))
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
		limited = fmt.Sprintf("udp: the system limits the receive buffer to %d KiB instead of %d KiB: "+
			"bursts may be lost", size>>10, n>>10)
	}
	return size, limited
}

// setMulticast sets the options of a multicast sender.
func setMulticast(conn *net.UDPConn, to netip.Addr, cfg SendConfig, ifi *net.Interface) error {
	ttl, loopback := max(cfg.TTL, 1), cfg.Loopback == nil || *cfg.Loopback
	if to.Is4() {
		p := ipv4.NewPacketConn(conn)
		return setEach(p.SetMulticastTTL(ttl), p.SetMulticastLoopback(loopback), setInterface(p, ifi))
	}
	p := ipv6.NewPacketConn(conn)
	return setEach(p.SetMulticastHopLimit(ttl), p.SetMulticastLoopback(loopback), setInterface(p, ifi))
}

func setInterface(p interface{ SetMulticastInterface(*net.Interface) error }, ifi *net.Interface) error {
	if ifi == nil {
		return nil
	}
	return p.SetMulticastInterface(ifi)
}

// setEach returns the first error: error texts are one line.
func setEach(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// setFragmenting does nothing: the system decides.
func setFragmenting(*net.UDPConn, bool, bool) error { return nil }
