package utp

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/utp/port"
	"github.com/flute-node/flute-node/internal/udp"
	"github.com/flute-node/flute-node/utp/connection"
)

// The defaults of SocketConfig.
const (
	defaultMaxConns = 10000
	defaultBacklog  = 128
	// sendBuffer is some milliseconds at the speed of the machine: what does not fit waits in the connection.
	sendBuffer = 4 << 20
	// closeTimeout bounds Close of a Socket.
	closeTimeout = 3 * time.Second
	// farewell is how long a socket that is closed answers peers that have not heard that all has come.
	farewell = 300 * time.Millisecond
	// resetTimeout bounds what then follows: it takes no word of a peer.
	resetTimeout = 3 * time.Second
)

// SocketConfig configures a Socket. The zero value is a free port of 0.0.0.0.
type SocketConfig struct {
	// Local is the address to listen at and to send from; its port 0 is one that is free.
	Local netip.AddrPort
	// Conn is how connections behave.
	Conn connection.Config
	// MaxConns is how many connections there may be at once; 10,000. Backlog is how many of them may wait for Accept;
	// 128.
	MaxConns, Backlog int
	// ReceiveBuffer and SendBuffer are bytes of the UDP socket; zero: as much as the system gives, and 4 MiB.
	ReceiveBuffer, SendBuffer int
	// Impair is shown each datagram before it is sent, on one goroutine, and reports whether it is lost: to see what a
	// lossy link does. Nil: none is.
	Impair func(datagram []byte) bool
}

// Socket is a UDP socket that speaks uTP. Its methods are safe for concurrent use.
type Socket struct {
	stack *Stack
	port  *port.Port
	local netip.AddrPort
	cfg   SocketConfig
}

// Open opens a Socket. Close must be called on it in the end. An error names what could not be done, or the field of
// cfg that is at fault.
func (s *Stack) Open(cfg SocketConfig) (*Socket, error) {
	if !cfg.Local.IsValid() {
		cfg.Local = netip.AddrPortFrom(netip.IPv4Unspecified(), cfg.Local.Port())
	}
	cfg.MaxConns, cfg.Backlog = cmp.Or(cfg.MaxConns, defaultMaxConns), cmp.Or(cfg.Backlog, defaultBacklog)
	if cfg.MaxConns < 0 || cfg.Backlog < 0 {
		return nil, fmt.Errorf("utp: SocketConfig.MaxConns %d, Backlog %d: less than 1", cfg.MaxConns, cfg.Backlog)
	}
	if s.stopped.Load() {
		return nil, ErrStopped
	}
	source, local, err := cfg.open()
	if err != nil {
		return nil, fmt.Errorf("utp: %w", err)
	}
	cfg.Local = local
	return s.openOver(source, local, cfg, func() (port.Source, error) {
		source, _, err := cfg.open()
		return source, err
	})
}

// open opens the UDP socket.
func (cfg *SocketConfig) open() (port.Source, netip.AddrPort, error) {
	socket, err := udp.Open(udp.SocketConfig{
		Local: cfg.Local, ReceiveBuffer: cfg.ReceiveBuffer, SendBuffer: cmp.Or(cfg.SendBuffer, sendBuffer),
		Whole: true, Offload: true,
	})
	if err != nil {
		return nil, netip.AddrPort{}, err
	}
	if cfg.Impair != nil {
		return impaired{socket, cfg.Impair}, socket.LocalAddr(), nil
	}
	return socket, socket.LocalAddr(), nil
}

// openOver opens a Socket over a source.
func (s *Stack) openOver(
	source port.Source, local netip.AddrPort, cfg SocketConfig, reopen func() (port.Source, error),
) (*Socket, error) {
	p, err := port.New(s.numbers.Add(1), port.Config{
		Crew: s.crew,
		Conn: cfg.Conn, MaxConns: cfg.MaxConns, Random: random, Number: func() uint64 { return s.numbers.Add(1) },
		Reopen: reopen,
	}, source)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("utp: SocketConfig.Conn: %w", err), source.Close())
	}
	s.ports.Add(p)
	s.system.Root().Send(s.pid(socketsName), port.Start{Port: p})
	return &Socket{stack: s, port: p, local: local, cfg: cfg}, nil
}

// random returns an unpredictable number.
func random() uint16 {
	var b [2]byte
	_, _ = rand.Read(b[:]) // never fails
	return binary.BigEndian.Uint16(b[:])
}

// ask asks the socket's actor, which may not have started yet.
func ask[T any](ctx context.Context, s *Socket, m any) (answer T, err error) {
	const pause = time.Millisecond
	for {
		answer, err = actors.Ask[T](ctx, s.stack.system, s.stack.portPID(s.port), m)
		if !errors.Is(err, actors.ErrGone) {
			return answer, err
		}
		select {
		case <-s.port.Closed():
			return answer, net.ErrClosed
		case <-ctx.Done():
			return answer, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// LocalAddr returns the address of the socket.
func (s *Socket) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(s.local) }

// Listen returns the listener of the socket: there is one at a time.
func (s *Socket) Listen() (*Listener, error) {
	b := port.NewBacklog(s.cfg.Backlog)
	answer, err := ask[port.Listening](context.Background(), s, port.Listen{Backlog: b})
	if err = errors.Join(err, answer.Err); err != nil {
		return nil, opError("listen", s.local, netip.AddrPort{}, err)
	}
	return newListener(s, b), nil
}

// Dial connects to remote. ctx bounds the handshake only.
func (s *Socket) Dial(ctx context.Context, remote netip.AddrPort) (*Conn, error) {
	if !remote.IsValid() || remote.Port() == 0 || remote.Addr().Unmap().Is4() != s.local.Addr().Unmap().Is4() {
		return nil, opError("dial", s.local, remote, errors.New("not an address of the socket's family with a port"))
	}
	answer, err := ask[port.Dialed](ctx, s, port.Dial{Remote: remote})
	if err = errors.Join(err, answer.Err); err != nil {
		return nil, opError("dial", s.local, remote, err)
	}
	c := newConn(s, answer.Channel)
	select {
	case <-c.channel.Connected():
	case <-ctx.Done():
		c.abort()
		return nil, opError("dial", s.local, remote, ctx.Err())
	}
	select {
	case <-c.channel.Ended():
		c.abort()
		return nil, opError("dial", s.local, remote, cmp.Or(c.channel.Err(), net.ErrClosed))
	default:
		return c, nil
	}
}

// Stats returns what the socket has done so far.
func (s *Socket) Stats(ctx context.Context) (SocketStats, error) {
	stats, err := ask[port.Stats](ctx, s, port.Inspect{})
	return SocketStats(stats), err
}

// SocketStats is what a Socket has done so far.
type SocketStats struct {
	Conns      int // that there are
	Handshakes connection.HandshakeStats
	Read, Sent uint64 // datagrams
	Lost       uint64 // datagrams that the system refused to send
	Waited     uint64 // times that the system had no room for a datagram
	Foreign    uint64 // datagrams that are not uTP
	Dropped    uint64 // datagrams that were read and lost for want of room, or in a crash
}

// Close closes the listener and all connections, and then the socket. Connections have 3 s to deliver what was written
// to them; then they are reset.
func (s *Socket) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	return s.close(ctx)
}

// close waits until all connections have delivered what was written, or ctx ends; then the socket goes.
func (s *Socket) close(ctx context.Context) error {
	bounded := context.WithoutCancel(ctx)
	closing, err := ask[port.Closing](bounded, s, port.Close{})
	for _, c := range closing.Channels {
		select {
		case <-c.Ended():
		case <-ctx.Done():
		}
	}
	if len(closing.Channels) > 0 {
		// Our last acknowledgements may be lost: a peer repeats its FIN then, and is to get an answer.
		select {
		case <-s.port.Closed():
		case <-ctx.Done():
		case <-time.After(farewell):
		}
	}
	bounded, cancel := context.WithTimeout(bounded, resetTimeout)
	defer cancel()
	if err == nil {
		_, err = ask[port.Closing](bounded, s, port.Close{Now: true})
	}
	select {
	case <-s.port.Closed():
		return nil
	case <-bounded.Done():
		return opError("close", s.local, netip.AddrPort{}, cmp.Or(err, bounded.Err()))
	}
}

// leave has the socket closed once it has no connection and no listener.
func (s *Socket) leave() { s.port.Mailbox().PostUserMessage(port.Leave{}) }
