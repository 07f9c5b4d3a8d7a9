package udp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// SendConfig says where to send to, and how. To is required; the zero value of the rest is its default.
type SendConfig struct {
	// To is a multicast group or unicast address, with the port. A zone names the interface.
	To netip.AddrPort
	// Source is the address to send from; zero: that of the interface (127.0.0.1 and ::1 for the loopback interface),
	// or without one the system's choice.
	Source netip.Addr
	// Interface is its name, index or address; empty: the zone of To, or else the system's choice. For unicast it only
	// chooses the source address.
	Interface string
	// TTL is that of multicast datagrams, the hop limit of IPv6, 1 to 255; zero: 1, the local network.
	TTL int
	// Loopback says whether receivers of the group on this machine get a copy; nil: yes. On the loopback interface they
	// always do.
	Loopback *bool
	// SendBuffer is in bytes; zero: the system's default.
	SendBuffer int
	// NoOffload hands datagrams to the system one by one. False: in messages of up to 64 KiB where it takes them
	// (UDP_SEGMENT of Linux), which costs a tenth.
	NoOffload bool
	// Unpaced says that nobody bounds the rate. If all receivers are on this machine, and the system tells what waits
	// in their buffers, WriteBatch waits for them; else it hands datagrams over one by one: in messages a sender would
	// be ten times as fast as its receivers.
	Unpaced bool
	// Known remembers what the system tells of its interfaces, for others who have the same Known; nil: it is asked.
	Known *Known
}

// Sender is a connected socket. One caller at a time may use WriteBatch and Degraded; the other methods are safe for
// concurrent use.
type Sender struct {
	cfg     SendConfig
	batch   *batchWriter
	away    time.Time // when writing began to fail, or another socket was tried last; zero: it does not fail
	refused atomic.Uint64
	offload atomic.Bool // datagrams go in messages of several

	flow *flow // nil: there is a rate, or nobody to wait for can be seen

	means    string // see Means
	degraded string // see Degraded

	mu     sync.Mutex
	local  netip.AddrPort // of batch
	closed bool
}

// Dial opens a socket to send to one destination. The error says in one line what could not be done.
func Dial(cfg SendConfig) (*Sender, error) {
	s := &Sender{cfg: cfg, batch: &batchWriter{}}
	to := netip.AddrPortFrom(cfg.To.Addr().Unmap(), cfg.To.Port())
	cfg.Source = cfg.Source.Unmap()
	switch {
	case !to.IsValid() || to.Port() == 0:
		return nil, errors.New("udp: no address and port to send to")
	case cfg.TTL < 0 || cfg.TTL > 255:
		return nil, fmt.Errorf("udp: TTL %d is not between 1 and 255", cfg.TTL)
	case cfg.SendBuffer < 0:
		return nil, fmt.Errorf("udp: send buffer of %d bytes", cfg.SendBuffer)
	case cfg.Source.IsValid() && cfg.Source.Is4() != to.Addr().Is4():
		return nil, fmt.Errorf("udp: source %v and %v are of different families", cfg.Source, to)
	}
	conn, ifi, isOld, err := open(to, cfg)
	if err != nil && isOld { // it may be another interface by now
		cfg.Known.forget()
		conn, ifi, _, err = open(to, cfg)
	}
	if err != nil {
		return nil, err
	}
	s.local, s.degraded = addrPort(conn.LocalAddr()), away(to.Addr(), ifi)
	if cfg.SendBuffer > 0 {
		if err := conn.SetWriteBuffer(cfg.SendBuffer); err != nil {
			return nil, errors.Join(fmt.Errorf("udp: send buffer: %w", cause(err)), conn.Close())
		}
	}
	if cfg.Unpaced && isLocal(to.Addr(), ifi) {
		s.flow = s.newFlow(to)
	}
	s.means = meansOf(&cfg, s.flow)
	if err := s.batch.init(conn, !cfg.NoOffload && (!cfg.Unpaced || s.flow != nil)); err != nil {
		return nil, errors.Join(fmt.Errorf("udp: %w", err), conn.Close(), s.flow.close())
	}
	s.offload.Store(s.batch.offloads())
	if s.means == "" {
		s.means = s.batch.means()
	}
	return s, nil
}

// open opens a socket over the interface of cfg. isOld says that the system was asked before which one that is.
func open(to netip.AddrPort, cfg SendConfig) (conn *net.UDPConn, ifi *net.Interface, isOld bool, err error) {
	w, isOld, err := cfg.Known.find(cfg.Interface, to.Addr())
	if err != nil {
		return nil, nil, isOld, err
	}
	if !cfg.Source.IsValid() {
		cfg.Source = w.source
	}
	if conn, err = connect(to, cfg, w.ifi); err != nil {
		err = cause(err)
		err = fmt.Errorf("udp: send to %v on %s: %w%s", to, nameOf(w.ifi), err, hint(err, to.Addr(), w.ifi))
	}
	return conn, w.ifi, isOld, err
}

// The patience with a system that does not take a datagram at the moment: a queue that is full for some milliseconds,
// the report of a router about a datagram sent before. Who has more patience tries again.
const (
	retryDelay = time.Millisecond
	maxRetries = 20
	// maxRefused bounds the refusals of one datagram in a row. Each is about one that was sent before.
	maxRefused = 1000
)

// PassingError says that the system takes no datagrams at the moment: it is out of memory, or the link, the route or
// the source address is away.
type PassingError struct{ err error }

// Error implements error.
func (e *PassingError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *PassingError) Unwrap() error { return e.err }

// Passing returns true: it is worth trying again.
func (e *PassingError) Passing() bool { return true }

// IsFull returns true if the system has no room for datagrams to anywhere, and false if it is about the address.
func (e *PassingError) IsFull() bool { return isFull(e.err) }

// WriteBatch sends all datagrams, in order, and returns how many were sent. It blocks while the send buffer is full.
// Fewer than all without an error: receivers on this machine do not read ([SendConfig.Unpaced]), and have been waited
// for for 50 ms; the rest may be sent at once. A *PassingError says that the rest may be sent later. That nobody
// listens at a unicast address is no error. After Close the error is net.ErrClosed.
func (s *Sender) WriteBatch(datagrams [][]byte) (int, error) {
	for sent, retries := 0, 0; ; {
		if sent == len(datagrams) {
			return sent, nil
		}
		some := datagrams[sent:]
		if s.flow != nil {
			if some = some[:s.flow.admit(some)]; len(some) == 0 {
				return sent, nil
			}
		}
		n, err := s.batch.write(some)
		switch {
		case err == nil:
			sent += n
			retries, s.away = 0, time.Time{}
		case errors.Is(err, net.ErrClosed):
			return sent, net.ErrClosed
		case s.degrades(err):
		case isRefused(err):
			s.refused.Add(1)
			if retries++; retries > maxRefused {
				return sent, &PassingError{s.failed(err, datagrams[sent])}
			}
		case !isPassing(err):
			return sent, s.failed(err, datagrams[sent])
		case retries == maxRetries:
			n := s.redial(datagrams[sent:])
			if n == 0 {
				return sent, &PassingError{s.failed(err, datagrams[sent])}
			}
			sent += n
			retries, s.away = 0, time.Time{}
		default:
			retries++
			time.Sleep(retryDelay)
		}
	}
}

func (s *Sender) failed(err error, datagram []byte) error {
	err = cause(err)
	to := netip.AddrPortFrom(s.cfg.To.Addr().Unmap(), s.cfg.To.Port())
	if isTooLong(err) {
		return fmt.Errorf("udp: write %d bytes to %v: %w", len(datagram), to, err)
	}
	return fmt.Errorf("udp: write to %v: %w", to, err)
}

// Refused returns how often the system reported that nobody listens at the unicast address. It does not report each
// datagram.
func (s *Sender) Refused() uint64 { return s.refused.Load() }

// LocalAddr returns the source address and port that receivers see. They change if the interface is removed and comes
// back.
func (s *Sender) LocalAddr() netip.AddrPort {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.local
}

// Close closes the socket.
func (s *Sender) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return errors.Join(s.batch.close(), s.flow.close())
}
