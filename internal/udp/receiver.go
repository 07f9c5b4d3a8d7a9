package udp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"github.com/flute-node/flute-node/internal/slab"
)

// DefaultReceiveBuffer is what is asked of the system: of Linux twice that, which is about 29,000 datagrams of 1400
// bytes, or a third of a second at 1 Gbit/s. Memory is used only while datagrams wait.
const DefaultReceiveBuffer = 32 << 20

// Config says what to listen to. Group is required; the zero value of the rest is its default.
type Config struct {
	// Group is a multicast group, or a unicast address of this machine, with the port. A zone names the interface.
	Group netip.AddrPort
	// Source is the one sender to hear of a multicast group (source-specific multicast, RFC 4607); zero: any. For
	// unicast the system does not look at it, and neither does a Receiver.
	Source netip.Addr
	// Interface is its name, index or address; empty: the zone of Group, or else the system's choice. For unicast it
	// only matters together with an unspecified address (0.0.0.0, ::), which then means the interface's address.
	Interface string
	// ReceiveBuffer is in bytes; zero: DefaultReceiveBuffer.
	ReceiveBuffer int
	// Offload has the system join datagrams that arrive in a row from one sender (UDP_GRO), where it can: on Linux. See
	// Receiver.Joins.
	Offload bool
}

// Receiver is a listening socket. ReadBatch is not safe for concurrent use; the other methods are.
type Receiver struct {
	conn    *net.UDPConn
	batch   batchReader
	offload bool // Config.Offload
	limited string
	away    string
	size    int

	mu     sync.Mutex
	drops  dropCount
	joined membership
	closed bool
}

// Listen opens the socket and joins the group. The error says in one line what could not be done.
func Listen(cfg Config) (*Receiver, error) {
	r := &Receiver{}
	if err := r.listen(cfg); err != nil {
		return nil, err
	}
	return r, nil
}

// listen opens the socket of r.
func (r *Receiver) listen(cfg Config) error {
	group := netip.AddrPortFrom(cfg.Group.Addr().Unmap(), cfg.Group.Port())
	source := cfg.Source.Unmap()
	switch {
	case !group.IsValid():
		return errors.New("udp: no group and port to listen to")
	case source.IsValid() && source.Is4() != group.Addr().Is4():
		return fmt.Errorf("udp: source %v and %v are of different families", source, group)
	case source.IsMulticast() || source.IsValid() && source.IsUnspecified():
		return fmt.Errorf("udp: source %v is not the address of a sender", source)
	case cfg.ReceiveBuffer < 0:
		return fmt.Errorf("udp: receive buffer of %d bytes", cfg.ReceiveBuffer)
	}
	ifi, err := interfaceOf(cfg.Interface, group.Addr())
	if err != nil {
		return err
	}
	if ifi != nil && group.Addr().IsUnspecified() {
		a := sourceOn(ifi, group.Addr())
		if !a.IsValid() {
			return fmt.Errorf("udp: listen to %v: interface %s has no such address", group, ifi.Name)
		}
		group = netip.AddrPortFrom(a, group.Port())
	}
	conn, err := bind(group, ifi)
	if err != nil {
		return fmt.Errorf("udp: listen to %v: %w", group, cause(err))
	}
	r.conn, r.offload, r.away = conn, cfg.Offload, away(group.Addr(), ifi)
	if cfg.Offload {
		r.batch.joinDatagrams(conn) // before the join, after which datagrams come
	}
	if err := r.set(group.Addr(), source, ifi, cfg.ReceiveBuffer); err != nil {
		return errors.Join(err, conn.Close())
	}
	return nil
}

func (r *Receiver) set(group, source netip.Addr, ifi *net.Interface, buffer int) error {
	if buffer == 0 {
		buffer = DefaultReceiveBuffer
	}
	// Before the join, after which datagrams come.
	r.size, r.limited = setReceiveBuffer(r.conn, buffer)
	if group.IsMulticast() {
		if err := join(r.conn, group, source, ifi); err != nil {
			err = cause(err)
			return fmt.Errorf("udp: join %v on %s: %w%s",
				describe(group, source), nameOf(ifi), err, hint(err, group, ifi))
		}
		if ifi != nil {
			r.joined = membership{group: group, source: source, ifi: *ifi}
		}
	}
	if err := r.batch.init(r.conn); err != nil {
		return fmt.Errorf("udp: %w", err)
	}
	return nil
}

// describe is for error texts.
func describe(group, source netip.Addr) string {
	if source.IsValid() {
		return fmt.Sprintf("%v from %v", group, source)
	}
	return group.String()
}

// join joins by the index of the interface. That the loopback interface lacks the MULTICAST flag does not matter.
func join(conn *net.UDPConn, group, source netip.Addr, ifi *net.Interface) error {
	p4, p6 := ipv4.NewPacketConn(conn), ipv6.NewPacketConn(conn)
	g, s := &net.UDPAddr{IP: group.WithZone("").AsSlice()}, &net.UDPAddr{IP: source.WithZone("").AsSlice()}
	switch {
	case group.Is4() && source.IsValid():
		return p4.JoinSourceSpecificGroup(ifi, g, s)
	case group.Is4():
		return p4.JoinGroup(ifi, g)
	case source.IsValid():
		return p6.JoinSourceSpecificGroup(ifi, g, s)
	default:
		return p6.JoinGroup(ifi, g)
	}
}

// ReadBatch blocks until datagrams are there and fills out with as many as one call brings, at least one. Their bytes
// are in s, in slots of equal size, one for each element of out; a longer datagram is Truncated. After Close the error
// is net.ErrClosed.
func (r *Receiver) ReadBatch(s *slab.Slab, out []slab.Datagram) (int, error) {
	for {
		n, err := r.batch.read(s.Bytes(), out)
		switch {
		case err == nil:
			return n, nil
		case errors.Is(err, net.ErrClosed):
			return 0, net.ErrClosed
		case errors.Is(err, errNoRoom):
			return 0, err
		case r.batch.reported(err):
		case !isRefused(err):
			return 0, fmt.Errorf("udp: read: %w", cause(err))
		}
	}
}

// Joins reports whether the system joins datagrams. Then ReadBatch needs a slab of some times [slab.MessageSize] and,
// for each of these slots, room for [slab.MessageDatagrams] in out; and no datagram is Truncated.
func (r *Receiver) Joins() bool { return r.batch.joins() }

// Means returns by which means of the system datagrams are received, and why not by better ones, in a few words for
// people.
func (r *Receiver) Means() string {
	if batches && !r.offload {
		return "recvmmsg, without UDP_GRO: it is switched off, or there is not enough memory for it"
	}
	return r.batch.means()
}

// LocalAddr returns the address and port that the socket is bound to.
func (r *Receiver) LocalAddr() netip.AddrPort { return addrPort(r.conn.LocalAddr()) }

// BufferSize returns the size in bytes of the receive buffer, as the system counts it.
func (r *Receiver) BufferSize() int { return r.size }

// BufferLimited returns a warning of one line when the system gave less than was asked; else the empty string.
func (r *Receiver) BufferLimited() string { return r.limited }

// InterfaceAway returns a warning of one line when the interface was down, or had no link, as the socket was opened;
// else the empty string.
func (r *Receiver) InterfaceAway() string { return r.away }

// HasRoom reports whether the system has room for what comes while nobody reads: a quarter of the buffer. It is false
// where the system does not tell.
func (r *Receiver) HasRoom() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.drops.hasRoom(r.conn)
}

// KernelDrops returns how many datagrams the system received and dropped, because the buffer was full or for a wrong
// checksum; 0 where that is not known. After Close it is the last count.
func (r *Receiver) KernelDrops() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.drops.read(r.conn)
	}
	return r.drops.total
}

// Close leaves the group and ends a ReadBatch that is blocked.
func (r *Receiver) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.drops.read(r.conn)
	r.closed = true
	return r.conn.Close()
}
