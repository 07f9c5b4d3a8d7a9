package udp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// SendConfig says where to send to, and how.
type SendConfig struct {
	To         netip.AddrPort // multicast group or unicast address, with the port
	Source     netip.Addr     // address to send from; zero: that of the interface, or the system's choice
	Interface  string         // name, index or address; empty: the system's choice
	TTL        int            // of multicast; zero: 1, the local network
	Loopback   *bool          // whether receivers on this machine get a copy; nil: yes
	SendBuffer int            // bytes; zero: the system's default
}

// Sender is a connected socket. WriteBatch belongs to one goroutine; Close may be called from any.
type Sender struct {
	conn     *net.UDPConn
	batch    batchConn
	messages []ipv4.Message
	refused  uint64
}

// Dial opens a socket to send to one destination. The error says in one line what could not be done.
func Dial(cfg SendConfig) (*Sender, error) {
	to := netip.AddrPortFrom(cfg.To.Addr().Unmap(), cfg.To.Port())
	if !to.IsValid() || to.Port() == 0 {
		return nil, errors.New("udp: no address and port to send to")
	}
	if cfg.TTL < 0 || cfg.TTL > 255 {
		return nil, fmt.Errorf("udp: TTL %d is not between 1 and 255", cfg.TTL)
	}
	ifi, err := interfaceOf(cfg.Interface)
	if err != nil {
		return nil, err
	}
	if !cfg.Source.IsValid() && ifi != nil {
		cfg.Source = addressOn(ifi, func(a netip.Addr) bool { return a.Is4() == to.Addr().Is4() && a.IsGlobalUnicast() })
		if !cfg.Source.IsValid() {
			cfg.Source = addressOn(ifi, func(a netip.Addr) bool { return a.Is4() == to.Addr().Is4() && !a.IsLinkLocalUnicast() })
		}
	}
	conn, err := connect(to, cfg, ifi)
	if err != nil {
		return nil, fmt.Errorf("udp: send to %v on %s: %w", to, nameOf(ifi), err)
	}
	s := &Sender{conn: conn, batch: ipv4.NewPacketConn(conn)}
	if to.Addr().Is6() {
		s.batch = ipv6.NewPacketConn(conn)
	}
	if cfg.SendBuffer > 0 {
		if err := conn.SetWriteBuffer(cfg.SendBuffer); err != nil {
			return nil, errors.Join(fmt.Errorf("udp: send buffer: %w", err), conn.Close())
		}
	}
	return s, nil
}

// The patience with a system that has no room for a datagram at the moment.
const (
	retryDelay = time.Millisecond
	maxRetries = 1000
)

// WriteBatch sends all datagrams, in order. It blocks while the send buffer is full. That nobody listens at a unicast
// address is no error. It returns how many were sent.
func (s *Sender) WriteBatch(datagrams [][]byte) (int, error) {
	for len(s.messages) < len(datagrams) {
		s.messages = append(s.messages, ipv4.Message{Buffers: make([][]byte, 1)})
	}
	ms := s.messages[:len(datagrams)]
	for i, d := range datagrams {
		ms[i].Buffers[0] = d
	}
	sent, retries := 0, 0
	for sent < len(ms) {
		n, err := s.batch.WriteBatch(ms[sent:], 0)
		sent += max(n, 0)
		switch {
		case err == nil:
			retries = 0
		case isRefused(err):
			s.refused++ // reported once, for a datagram sent before; this one was not sent yet
		case isTransient(err) && retries < maxRetries:
			retries++
			time.Sleep(retryDelay)
		default:
			return sent, fmt.Errorf("udp: write to %v: %w", s.conn.RemoteAddr(), err)
		}
	}
	return sent, nil
}

// LocalAddr returns the source address and port that receivers see.
func (s *Sender) LocalAddr() netip.AddrPort {
	ap := s.conn.LocalAddr().(*net.UDPAddr).AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap().WithZone(""), ap.Port())
}

// Close closes the socket.
func (s *Sender) Close() error { return s.conn.Close() }
