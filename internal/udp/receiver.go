package udp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"github.com/flute-node/flute-node/internal/slab"
)

// DefaultReceiveBuffer is what is asked of the system: a second and a half of a link at 100 Mbit/s. It is used only
// while datagrams wait.
const DefaultReceiveBuffer = 32 << 20

// Config says what to listen to.
type Config struct {
	Group         netip.AddrPort // multicast group, or address of this machine, with the port
	Source        netip.Addr     // source-specific multicast; zero: any source
	Interface     string         // name, index or address; empty: the system's choice
	ReceiveBuffer int            // bytes; zero: DefaultReceiveBuffer
}

// batchConn is ipv4.PacketConn or ipv6.PacketConn: their messages are one type.
type batchConn interface {
	ReadBatch(ms []ipv4.Message, flags int) (int, error)
	WriteBatch(ms []ipv4.Message, flags int) (int, error)
}

// Receiver is a listening socket. ReadBatch belongs to one goroutine; the other methods may be called from any.
type Receiver struct {
	conn     *net.UDPConn
	batch    batchConn
	messages []ipv4.Message
	limited  string
	size     int
	closed   atomic.Bool
}

// Listen opens the socket and joins the group. The error says in one line what could not be done.
func Listen(cfg Config) (*Receiver, error) {
	group := netip.AddrPortFrom(cfg.Group.Addr().Unmap(), cfg.Group.Port())
	if !group.IsValid() {
		return nil, errors.New("udp: no group and port to listen to")
	}
	ifi, err := interfaceOf(cfg.Interface)
	if err != nil {
		return nil, err
	}
	if cfg.Source.IsValid() && !group.Addr().IsMulticast() && cfg.Source.Unmap().Is4() != group.Addr().Is4() {
		return nil, fmt.Errorf("udp: source %v and %v are of different families", cfg.Source, group)
	}
	conn, err := bind(group, ifi)
	if err != nil {
		return nil, fmt.Errorf("udp: listen to %v: %w", group, err)
	}
	r := &Receiver{conn: conn}
	if err := r.join(group.Addr(), cfg.Source, ifi); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	want := cfg.ReceiveBuffer
	if want == 0 {
		want = DefaultReceiveBuffer
	}
	r.size, r.limited = setReceiveBuffer(conn, want)
	return r, nil
}

// join joins a multicast group; for a unicast address there is nothing to join.
func (r *Receiver) join(group, source netip.Addr, ifi *net.Interface) error {
	p4, p6 := ipv4.NewPacketConn(r.conn), ipv6.NewPacketConn(r.conn)
	r.batch = p4
	if group.Is6() {
		r.batch = p6
	}
	if !group.IsMulticast() {
		return nil
	}
	g := &net.UDPAddr{IP: group.WithZone("").AsSlice()}
	var err error
	switch s := (&net.UDPAddr{IP: source.Unmap().AsSlice()}); {
	case group.Is4() && source.IsValid():
		err = p4.JoinSourceSpecificGroup(ifi, g, s)
	case group.Is4():
		err = p4.JoinGroup(ifi, g)
	case source.IsValid():
		err = p6.JoinSourceSpecificGroup(ifi, g, s)
	default:
		err = p6.JoinGroup(ifi, g)
	}
	if err != nil {
		return fmt.Errorf("udp: join %v on %s: %w", group, nameOf(ifi), err)
	}
	return nil
}

// ReadBatch blocks until datagrams are there and fills out with as many as one call brings. Their bytes are in s, in
// slots of equal size, one for each element of out. After Close it returns net.ErrClosed.
func (r *Receiver) ReadBatch(s *slab.Slab, out []slab.Datagram) (int, error) {
	slot := len(s.Bytes()) / len(out)
	for len(r.messages) < len(out) {
		r.messages = append(r.messages, ipv4.Message{Buffers: make([][]byte, 1)})
	}
	ms := r.messages[:len(out)]
	for i := range ms {
		ms[i].Buffers[0] = s.Bytes()[i*slot : (i+1)*slot : (i+1)*slot]
	}
	n, err := r.batch.ReadBatch(ms, 0)
	if err != nil {
		if r.closed.Load() {
			return 0, net.ErrClosed
		}
		if isTransient(err) {
			return 0, nil
		}
		return 0, fmt.Errorf("udp: read: %w", err)
	}
	for i := range n {
		m := &ms[i]
		out[i] = slab.Datagram{Data: m.Buffers[0][:m.N], Truncated: isTruncated(m.Flags)}
		if a, ok := m.Addr.(*net.UDPAddr); ok {
			ap := a.AddrPort()
			out[i].Source = netip.AddrPortFrom(ap.Addr().Unmap().WithZone(""), ap.Port())
		}
	}
	return n, nil
}

// LocalAddr returns the address that the socket is bound to.
func (r *Receiver) LocalAddr() netip.AddrPort { return r.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

// BufferSize returns the size in bytes of the receive buffer, as the system counts it.
func (r *Receiver) BufferSize() int { return r.size }

// BufferLimited returns a warning when the system gave less than was asked; else the empty string.
func (r *Receiver) BufferLimited() string { return r.limited }

// KernelDrops returns how many datagrams the system dropped because the buffer was full; 0 where that is not known.
func (r *Receiver) KernelDrops() uint64 { return kernelDrops(r.conn) }

// Close leaves the group and ends a ReadBatch that is blocked.
func (r *Receiver) Close() error {
	r.closed.Store(true)
	return r.conn.Close()
}
