package core

import (
	"time"

	"github.com/flute-node/flute-node/utp/wire"
)

// Event is a set of what has happened to a connection.
type Event uint8

// The events.
const (
	Connected  Event = 1 << iota // the peer has answered
	Readable                     // Read returns something
	Writable                     // Write accepts something, after it has not accepted all
	HalfClosed                   // the peer will send nothing more: Read returns io.EOF after what was received
	Closed                       // the connection has ended; Err tells why
)

// state is where a connection is. Half-closed connections are connected.
type state uint8

const (
	synSent   state = iota // no answer to our SYN yet
	connected              // both ends send
	lingering              // all is delivered; the peer may repeat its FIN
	ended
)

const headerLen = wire.HeaderLen

// Conn is one end of a connection. It is not safe for concurrent use.
type Conn struct {
	cfg    *Config
	clock  clock
	state  state
	err    error
	events Event

	recvID, sendID wire.ConnID

	synDue   instant  // when to send our SYN, or to give up
	synTries int      // SYNs that were sent
	synFirst instant  // when the first of them was
	synAt    instant  // when the last of them was
	peerSyn  wire.Seq // of the SYN that began an accepted connection
	accepted bool

	outbox     byteQueue // from the first byte that is not acknowledged on
	base       uint64    // offset of its first byte in the stream
	end        uint64    // offset of the first byte that was not sent
	flight     flight
	peerWindow int
	wantsRoom  bool    // Write has not accepted all
	sendExtra  bool    // one packet goes whatever the windows say
	limitedAt  instant // when the congestion window, or its pace, last kept a packet back

	inbox  inbox
	acks   acks
	delays delays

	rtt      rtt
	loss     lossDetector
	control  congestion
	pace     pacer
	mtu      pathMTU
	cutAt    instant // when the congestion window was last cut; -1: never
	unproven int     // packets lost since, less those that turned out not to be; zero: the cut is final
	masks    bool    // the peer sends selective acknowledgements
	repeats  int     // acknowledgements in a row that say the same, of a peer that sends no masks
	timeouts int     // in a row, without an answer of a peer that has no room
	persist  instant // when to try whether a full peer has room

	heard    instant // when the peer last sent something valid
	sent     instant // when we last did
	refused  instant // when ICMP last said that nobody listens; never: it did not
	inquired instant // when the silent peer was last asked for a sign of life
	confirm  instant // when to repeat what completes the handshake; never: the peer has got it
	confirms int     // how often that was done

	finQueued bool
	finSent   bool
	finAcked  bool
	discards  bool // Close was called: what comes is not read
	resetDue  bool
	endAt     instant
	lingers   int // how often lingering was prolonged

	mask  wire.SACK // reused
	stats Stats
}

func newConn(cfg *Config, now time.Time, recv, send wire.ConnID, next wire.Seq) *Conn {
	return &Conn{
		cfg: cfg, clock: newClock(now), recvID: recv, sendID: send,
		synDue: never, persist: never, confirm: never, endAt: never, cutAt: -1, limitedAt: -1, refused: never,
		flight:  flight{first: next},
		inbox:   inbox{limit: cfg.ReceiveBuffer, reach: cfg.MaxFlight + 1},
		acks:    acks{due: never},
		rtt:     rtt{initial: cfg.InitialRTO, min: cfg.MinRTO, max: cfg.MaxRTO},
		loss:    newLossDetector(),
		control: newCongestion(cfg),
		pace:    pacer{off: cfg.NoPacing},
		mtu:     newPathMTU(cfg),
	}
}

// Dial begins a connection. id and seq must be unpredictable, to keep others from forging packets; id and id+1 must not
// be in use with this peer. The error names the field of cfg that is at fault.
func Dial(now time.Time, cfg Config, id wire.ConnID, seq wire.Seq) (*Conn, error) {
	v, err := validated(cfg)
	if err != nil {
		return nil, err
	}
	return dial(now, v, id, seq), nil
}

// Dial begins a connection as [Dial] does, with the configuration of h.
func (h *Handshakes) Dial(now time.Time, id wire.ConnID, seq wire.Seq) *Conn {
	return dial(now, h.cfg, id, seq)
}

func dial(now time.Time, cfg *Config, id wire.ConnID, seq wire.Seq) *Conn {
	c := newConn(cfg, now, id, id+1, seq+1)
	c.synDue = 0
	return c
}

// accept begins the connection that a SYN asks for, to which was answered with the sequence number seq.
func accept(now time.Time, cfg *Config, id wire.ConnID, syn, seq wire.Seq) *Conn {
	c := newConn(cfg, now, id+1, id, seq)
	c.state, c.accepted, c.peerSyn = connected, true, syn
	c.inbox.last = syn
	c.events |= Connected
	return c
}

// ID returns the connection_id that packets of the peer carry. A SYN carries one less if the peer repeats it, and a
// RESET may carry the id of our packets, one more or one less.
func (c *Conn) ID() wire.ConnID { return c.recvID }

// Events returns what has happened since the last call.
func (c *Conn) Events() Event {
	e := c.events
	c.events = 0
	return e
}

// Err returns why the connection has ended, or nil: it goes on, or all was delivered.
func (c *Conn) Err() error { return c.err }

// Done reports whether the connection needs no datagram any more, and sends none.
func (c *Conn) Done() bool { return c.state == ended && !c.resetDue }

// Write accepts bytes to send and returns how many: fewer than all if the send buffer is full; Writable follows then.
// Once the connection has ended, or this end of it, it returns the error.
func (c *Conn) Write(now time.Time, p []byte) (int, error) {
	c.clock.tick(now)
	switch {
	case c.err != nil:
		return 0, c.err
	case c.finQueued || c.state >= lingering:
		return 0, ErrClosed
	}
	n := min(len(p), c.cfg.SendBuffer-c.outbox.n)
	if n > 0 {
		c.outbox.write(p[:n])
	}
	c.wantsRoom = c.wantsRoom || n < len(p)
	return n, nil
}

// roomy tells a writer that waits when a quarter of the send buffer is free.
func (c *Conn) roomy() {
	if c.wantsRoom && c.cfg.SendBuffer-c.outbox.n >= c.cfg.SendBuffer/4 {
		c.wantsRoom = false
		c.events |= Writable
	}
}
