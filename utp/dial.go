package utp

import (
	"context"
	"fmt"
	"net"
	"net/netip"
)

// Listen listens at a UDP address like "127.0.0.1:4000", with a Stack of its own that ends with the listener and its
// connections.
func Listen(address string) (*Listener, error) {
	local, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return nil, fmt.Errorf("utp: %w", err)
	}
	s, err := openOwn(addrPort(local))
	if err != nil {
		return nil, err
	}
	l, err := s.Listen()
	if err != nil {
		_ = s.Close() // the first error is the one to tell
		s.stack.stopAfter(s)
		return nil, err
	}
	l.owned = s.stack
	return l, nil
}

// Dial connects to a UDP address like "example.org:4000", with a Stack of its own that ends with the connection.
func Dial(address string) (*Conn, error) { return DialContext(context.Background(), address) }

// DialContext is Dial. ctx bounds the handshake only.
func DialContext(ctx context.Context, address string) (*Conn, error) {
	to, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return nil, fmt.Errorf("utp: %w", err)
	}
	remote, local := addrPort(to), netip.IPv4Unspecified()
	if remote.Addr().Is6() {
		local = netip.IPv6Unspecified()
	}
	s, err := openOwn(netip.AddrPortFrom(local, 0))
	if err != nil {
		return nil, err
	}
	c, err := s.Dial(ctx, remote)
	if err != nil {
		s.leave()
		s.stack.stopAfter(s)
		return nil, err
	}
	c.owned = s.stack
	return c, nil
}

// openOwn opens a socket with a Stack of its own.
func openOwn(local netip.AddrPort) (*Socket, error) {
	stack, err := Start(Config{})
	if err != nil {
		return nil, err
	}
	s, err := stack.Open(SocketConfig{Local: local})
	if err != nil {
		_ = stack.Stop(context.Background()) // there is nothing in it
		return nil, err
	}
	return s, nil
}

// stopAfter stops the Stack when its only socket is closed.
func (s *Stack) stopAfter(only *Socket) {
	go func() {
		<-only.port.Closed()
		_ = s.Stop(context.Background()) // nobody is left to tell
	}()
}

func addrPort(a *net.UDPAddr) netip.AddrPort {
	p := a.AddrPort()
	if !p.Addr().IsValid() {
		return netip.AddrPortFrom(netip.IPv4Unspecified(), p.Port())
	}
	return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
}
