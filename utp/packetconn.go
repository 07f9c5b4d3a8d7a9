package utp

import (
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/flute-node/flute-node/actors/utp/port"
)

// PacketConn returns what is not uTP on the socket, for another protocol on the same port. From now on up to 1024
// datagrams wait for ReadFrom. Its Close does not close the socket.
func (s *Socket) PacketConn() net.PacketConn {
	return &packetConn{socket: s, queue: s.port.Others.Queue(), closed: make(chan struct{})}
}

// packetConn implements net.PacketConn.
type packetConn struct {
	socket *Socket
	queue  <-chan port.Other
	closed chan struct{}
	isOver atomic.Bool
	readBy deadline
}

// ReadFrom implements net.PacketConn.
func (p *packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	err := net.ErrClosed
	if p.readBy.hasPassed() {
		return 0, nil, opError("read", p.socket.local, netip.AddrPort{}, errDeadline)
	}
	select {
	case d := <-p.queue:
		return copy(b, d.Data), net.UDPAddrFromAddrPort(d.From), nil
	case <-p.closed:
	case <-p.socket.port.Closed():
	case <-p.readBy.wait():
		err = errDeadline
	}
	return 0, nil, opError("read", p.socket.local, netip.AddrPort{}, err)
}

// WriteTo implements net.PacketConn.
func (p *packetConn) WriteTo(b []byte, to net.Addr) (int, error) {
	a, ok := to.(*net.UDPAddr)
	if !ok {
		return 0, opError("write", p.socket.local, netip.AddrPort{}, net.InvalidAddrError("not a UDP address"))
	}
	if p.isOver.Load() {
		return 0, opError("write", p.socket.local, addrPort(a), net.ErrClosed)
	}
	if err := p.socket.port.WriteTo(b, addrPort(a)); err != nil {
		return 0, opError("write", p.socket.local, addrPort(a), err)
	}
	return len(b), nil
}

// Close implements net.PacketConn.
func (p *packetConn) Close() error {
	if p.isOver.Swap(true) {
		return net.ErrClosed
	}
	close(p.closed)
	return nil
}

// LocalAddr implements net.PacketConn.
func (p *packetConn) LocalAddr() net.Addr { return p.socket.LocalAddr() }

// SetDeadline implements net.PacketConn. A write does not wait.
func (p *packetConn) SetDeadline(t time.Time) error { return p.SetReadDeadline(t) }

// SetReadDeadline implements net.PacketConn.
func (p *packetConn) SetReadDeadline(t time.Time) error {
	p.readBy.set(t)
	return nil
}

// SetWriteDeadline implements net.PacketConn. A write does not wait.
func (p *packetConn) SetWriteDeadline(time.Time) error { return nil }
