package utp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/flute-node/flute-node/actors/utp/port"
)

// Listener accepts connections. It is a net.Listener.
type Listener struct {
	socket   *Socket
	backlog  *port.Backlog
	deadline deadline
	owned    *Stack // that ends with the listener and its connections; nil: somebody else's
}

var _ net.Listener = (*Listener)(nil)

func newListener(s *Socket, b *port.Backlog) *Listener {
	return &Listener{socket: s, backlog: b}
}

// Accept returns the next connection.
func (l *Listener) Accept() (net.Conn, error) {
	c, err := l.AcceptUTP()
	if err != nil {
		return nil, err
	}
	return c, nil
}

// AcceptUTP is Accept, with the type of the connection.
func (l *Listener) AcceptUTP() (*Conn, error) {
	err := net.ErrClosed
	select {
	case <-l.backlog.Closed():
	case <-l.deadline.wait(): // also while a connection waits
		err = errDeadline
	default:
		select {
		case c := <-l.backlog.Queue():
			return newConn(l.socket, c), nil
		case <-l.backlog.Closed():
		case <-l.deadline.wait():
			err = errDeadline
		}
	}
	return nil, opError("accept", l.socket.local, netip.AddrPort{}, err)
}

// SetDeadline bounds Accept; a zero time does not.
func (l *Listener) SetDeadline(t time.Time) error {
	l.deadline.set(t)
	return nil
}

// Addr returns the address of the socket.
func (l *Listener) Addr() net.Addr { return l.socket.LocalAddr() }

// Socket returns the socket, to dial from the same port.
func (l *Listener) Socket() *Socket { return l.socket }

// Close ends listening. Connections go on; those that nobody has accepted are reset.
func (l *Listener) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	answer, err := ask[port.Listening](ctx, l.socket, port.Listen{})
	if l.owned != nil {
		l.socket.leave()
		l.owned.stopAfter(l.socket)
	}
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return errors.Join(err, answer.Err)
}
