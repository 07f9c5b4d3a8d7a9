package port

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/socket"
	"github.com/flute-node/flute-node/actors/utp/channel"
	"github.com/flute-node/flute-node/internal/crew"
	"github.com/flute-node/flute-node/internal/slab"
	"github.com/flute-node/flute-node/internal/wheel"
	"github.com/flute-node/flute-node/utp/core"
)

// The errors of a socket.
var (
	ErrClosed    = errors.New("port: socket closed")
	ErrListening = errors.New("port: the socket has a listener already")
	ErrTooMany   = errors.New("port: the socket has as many connections as it may have")
)

const (
	// readMessages is how many messages one read brings at most where the system joins datagrams, readBatch how many
	// datagrams of up to maxDatagram bytes elsewhere.
	readMessages = 16
	readBatch    = 16
	maxDatagram  = 64 << 10
	// memory is for datagrams between the kernel and the core: they are handled at once, or wait in the kernel.
	memory = 32 << 20
	// minDatagram is room for an acknowledgement with the longest mask.
	minDatagram = 256
)

// Source is what a Port reads from and writes to: a udp.Socket, or a simulated network.
type Source interface {
	socket.Source
	channel.Writer
	// WriteTo sends one datagram, and may be called from any goroutine.
	WriteTo(b []byte, to netip.AddrPort) error
}

// Config is what a Port runs on. All fields but Crew are required.
type Config struct {
	Crew     *crew.Crew // runs the Port and its connections, beside others; nil: it has goroutines of its own
	Conn     core.Config
	MaxConns int // connections at once
	// Random returns unpredictable numbers.
	Random func() uint16
	// Number returns another number each time.
	Number func() uint64
	// Reopen opens the Source again after it has failed.
	Reopen func() (Source, error)
}

// Port is one socket. Its methods are safe for concurrent use.
type Port struct {
	ID       uint64
	Others   *Others
	cfg      Config
	counts   Counts
	line     *channel.Line
	endpoint *socket.Endpoint
	writer   *writer
	reports  reports

	// Owned by the actor.
	table      map[channel.Key]*channel.Channel
	open       map[*channel.Channel]struct{} // that are not released
	handshakes *core.Handshakes
	expiry     *wheel.Timer // of handshakes
	backlog    *Backlog
	leaving    bool   // to be closed when it is idle
	closing    bool   // no connection is begun any more
	isEnded    bool   // Ports was told that nothing of it is needed any more
	answer     []byte // reused

	closed chan struct{}
	once   sync.Once
}

// New returns the Port of source, which is open and belongs to it from now on. The error names the field of cfg.Conn
// that is at fault; source is not closed then.
func New(id uint64, cfg Config, source Source) (*Port, error) {
	h, err := core.NewHandshakes(cfg.Conn, cfg.Random)
	if err != nil {
		return nil, err
	}
	p := &Port{
		ID: id, Others: NewOthers(), cfg: cfg, handshakes: h,
		table: map[channel.Key]*channel.Channel{}, open: map[*channel.Channel]struct{}{}, closed: make(chan struct{}),
	}
	p.writer = &writer{}
	p.writer.set(source)
	mailbox := actors.NewMailbox(actors.Limits{}, func(d actors.Data, _ actors.Loss) {
		p.counts.Faults.Add(uint64(len(d.(*channel.Batch).Datagrams))) // nothing else is Data
	})
	out := channel.NewOutbox(p.writer, max(minDatagram, h.MaxPacket()))
	p.line = channel.NewLine(cfg.Crew, time.Now(), mailbox, out)
	p.expiry = wheel.NewTimer(func() {
		p.handshakes.Expire(time.Now())
		p.line.Wheel.Set(p.expiry, p.handshakes.Deadline())
	})
	p.hear(source)
	p.endpoint = socket.NewEndpoint(socket.Config{
		ID: id, Reopen: p.reopen,
		Memory: slab.NewMemory(memory), MaxDatagram: maxDatagram, Batch: readBatch, Messages: readMessages,
	}, source)
	p.endpoint.Add(newRouter(mailbox, &p.line.Batches, p.Others, &p.counts), nil)
	return p, nil
}

// Name returns the name of the actor below Ports.
func (p *Port) Name() string { return fmt.Sprintf("socket-%d", p.ID) }

// Mailbox returns that of the actor.
func (p *Port) Mailbox() *actors.Mailbox { return p.line.Mailbox }

// Slabs returns how many slabs are in use.
func (p *Port) Slabs() int { return p.endpoint.Slabs() }

// Closed is closed when the socket is.
func (p *Port) Closed() <-chan struct{} { return p.closed }

// Stats is what a socket has done so far.
type Stats struct {
	Conns      int // in the table
	Handshakes core.HandshakeStats
	Read, Sent uint64 // datagrams
	Lost       uint64 // datagrams that the system refused to send
	Waited     uint64 // times that the system had no room for a datagram
	Foreign    uint64 // datagrams that are not uTP
	Dropped    uint64 // datagrams that were read and lost for want of room, or in a crash
}

func (p *Port) stats() Stats {
	out := p.line.Out.Counts()
	return Stats{
		Conns: len(p.table), Handshakes: p.handshakes.Stats(),
		Read: p.endpoint.Read(), Sent: out.Sent.Load(), Lost: out.Lost.Load(), Waited: out.Waited.Load(),
		Foreign: p.counts.Foreign.Load(),
		Dropped: p.counts.TooLong.Load() + p.counts.Full.Load() + p.counts.Faults.Load() + p.counts.Refused.Load(),
	}
}

// reopen opens the source again.
func (p *Port) reopen() (socket.Source, error) {
	source, err := p.cfg.Reopen()
	if err != nil {
		return nil, err
	}
	p.hear(source)
	p.writer.set(source)
	return source, nil
}

// shut closes the descriptor, waits for the reader, and fails what is left.
func (p *Port) shut(err error) {
	p.once.Do(func() {
		p.endpoint.Close()
		p.line.Close()
		p.line.Loop.Stop()
		p.line.Mailbox.Close()
		if p.backlog != nil {
			p.backlog.close()
		}
		for c := range p.open {
			c.Fail(err)
		}
		close(p.closed)
	})
}

// Backlog is where accepted connections wait for their listener. It is safe for concurrent use.
type Backlog struct {
	queue  chan *channel.Channel
	closed chan struct{}
	once   sync.Once
}

// NewBacklog returns a Backlog of n connections.
func NewBacklog(n int) *Backlog {
	return &Backlog{queue: make(chan *channel.Channel, n), closed: make(chan struct{})}
}

// Queue returns the connections that wait.
func (b *Backlog) Queue() <-chan *channel.Channel { return b.queue }

// Closed is closed when no connection will come any more.
func (b *Backlog) Closed() <-chan struct{} { return b.closed }

func (b *Backlog) close() { b.once.Do(func() { close(b.closed) }) }

func (b *Backlog) isFull() bool { return len(b.queue) == cap(b.queue) }
