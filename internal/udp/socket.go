package udp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// SocketConfig says where to listen and send from. Local is required; the zero value of the rest is its default.
type SocketConfig struct {
	// Local is a unicast address of this machine with the port, 0 for one that is free. An unspecified address
	// (0.0.0.0, ::) is any of the same family.
	Local netip.AddrPort
	// ReceiveBuffer is in bytes; zero: DefaultReceiveBuffer.
	ReceiveBuffer int
	// SendBuffer is in bytes; zero: the system's default.
	SendBuffer int
	// Whole sends datagrams with "don't fragment", except those that may be, to find out what a path takes. On Linux
	// only; elsewhere the system decides.
	Whole bool
	// Offload has the kernel cut one message into datagrams that are sent in a row to one address, and join those that
	// arrive (UDP_SEGMENT and UDP_GRO), where it can: on Linux. See Receiver.Joins.
	Offload bool
}

// Outgoing is a datagram to be sent.
type Outgoing struct {
	Data []byte
	To   netip.AddrPort // without a zone, of the family of the Socket; IPv4 may be mapped into IPv6
	// MayFragment allows routers, and this machine, to cut the datagram where a link takes only shorter ones. It
	// concerns a Socket of SocketConfig.Whole only.
	MayFragment bool
}

// Socket is a socket that is not connected: it reads from anybody and writes to anybody. ReadBatch and Wait belong to
// one goroutine, WriteBatch to one, which may be another; the other methods may be called from any.
type Socket struct {
	Receiver
	writer addressedWriter
	is4    bool
	whole  bool // SocketConfig.Whole
	isCut  bool // datagrams may be fragmented at the moment
}

// Open opens a Socket. The error says in one line what could not be done.
func Open(cfg SocketConfig) (*Socket, error) {
	switch {
	case !cfg.Local.IsValid():
		return nil, errors.New("udp: no address and port to open")
	case cfg.Local.Addr().Unmap().IsMulticast():
		return nil, fmt.Errorf("udp: %v is a multicast address: see Listen", cfg.Local)
	case cfg.SendBuffer < 0:
		return nil, fmt.Errorf("udp: send buffer of %d bytes", cfg.SendBuffer)
	}
	s := &Socket{is4: cfg.Local.Addr().Unmap().Is4()}
	receive := Config{Group: cfg.Local, ReceiveBuffer: cfg.ReceiveBuffer, Offload: cfg.Offload}
	if err := s.listen(receive); err != nil {
		return nil, err
	}
	if cfg.SendBuffer > 0 {
		if err := s.conn.SetWriteBuffer(cfg.SendBuffer); err != nil {
			return nil, errors.Join(fmt.Errorf("udp: send buffer: %w", cause(err)), s.conn.Close())
		}
	}
	if cfg.Whole {
		s.whole = true
		if err := setFragmenting(s.conn, s.is4, false); err != nil {
			return nil, errors.Join(fmt.Errorf("udp: %w", err), s.conn.Close())
		}
	}
	if err := s.writer.init(s.conn, cfg.Offload); err != nil {
		return nil, errors.Join(fmt.Errorf("udp: %w", err), s.conn.Close())
	}
	return s, nil
}

// WriteBatch sends the datagrams in order, and returns how many were sent. It blocks while the send buffer is full. An
// error is about the first one that was not sent: the others can be sent without it. A *PassingError says that it may
// be sent later. That nobody listens is no error. After Close the error is net.ErrClosed.
func (s *Socket) WriteBatch(datagrams []Outgoing) (int, error) {
	for i := range datagrams {
		if to := datagrams[i].To; !to.IsValid() || to.Port() == 0 || to.Addr().Unmap().Is4() != s.is4 {
			n, err := s.writeBatch(datagrams[:i])
			if err == nil {
				err = fmt.Errorf("udp: write to %v from %v: not an address of its family with a port",
					to, s.LocalAddr())
			}
			return n, err
		}
	}
	if !s.whole {
		return s.writeBatch(datagrams)
	}
	for sent := 0; ; {
		run := sent
		for run < len(datagrams) && datagrams[run].MayFragment == datagrams[sent].MayFragment {
			run++
		}
		if run == sent {
			return sent, nil
		}
		if err := s.setCut(datagrams[sent].MayFragment); err != nil {
			return sent, err
		}
		n, err := s.writeBatch(datagrams[sent:run])
		if sent += n; err != nil {
			return sent, err
		}
	}
}

// maxDoubted is how often a datagram is tried again whose error may be about one that was sent before (Hear).
const maxDoubted = 3

// setCut has datagrams fragmented, or not.
func (s *Socket) setCut(cut bool) error {
	if s.isCut == cut {
		return nil
	}
	if err := setFragmenting(s.conn, s.is4, cut); err != nil {
		return fmt.Errorf("udp: %w", err)
	}
	s.isCut = cut
	return nil
}

// WriteTo sends one datagram, and may be called from any goroutine. It blocks while the send buffer is full.
func (s *Socket) WriteTo(b []byte, to netip.AddrPort) error {
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	_, err := s.conn.WriteToUDPAddrPort(b, to)
	for range maxDoubted {
		if err == nil || !s.heard() {
			break
		}
		_, err = s.conn.WriteToUDPAddrPort(b, to)
	}
	if err != nil {
		return fmt.Errorf("udp: write to %v: %w", to, cause(err))
	}
	return nil
}

func (s *Socket) writeBatch(datagrams []Outgoing) (int, error) {
	for sent, refused, doubted := 0, 0, 0; ; {
		if sent == len(datagrams) {
			return sent, nil
		}
		n, err := s.writer.write(datagrams[sent:])
		switch d := &datagrams[sent]; {
		case err == nil:
			sent += n
			refused, doubted = 0, 0
		case errors.Is(err, net.ErrClosed):
			return sent, net.ErrClosed
		case isRefused(err) && refused < maxRefused: // it is about one that was sent before
			s.heard()
			refused++
		case doubted < maxDoubted && !isFull(err) && s.heard():
			doubted++
		case isTooLong(err):
			return sent, fmt.Errorf("udp: write %d bytes to %v: %w", len(d.Data), d.To, cause(err))
		case isPassing(err) || isRefused(err):
			return sent, &PassingError{fmt.Errorf("udp: write to %v: %w", d.To, cause(err))}
		default:
			return sent, fmt.Errorf("udp: write to %v: %w", d.To, cause(err))
		}
	}
}
