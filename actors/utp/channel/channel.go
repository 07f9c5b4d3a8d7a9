package channel

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/internal/wheel"
	"github.com/flute-node/flute-node/utp/core"
	"github.com/flute-node/flute-node/utp/wire"
)

// ErrCrashed ends a connection whose actor panicked twice within a minute.
var ErrCrashed = errors.New("channel: connection reset by a fault of this end")

// Key names a connection at its socket: packets of the peer carry this connection_id.
type Key struct {
	Remote netip.AddrPort
	ID     wire.ConnID
}

// Channel is one connection. Its user's methods are safe for concurrent use.
type Channel struct {
	number  uint64
	key     Key
	line    *Line
	mailbox *actors.Mailbox
	timer   *wheel.Timer
	// SendID is the connection_id of our packets.
	SendID wire.ConnID

	// Owned by the actor, and by the socket's actor while there is none.
	conn     *core.Conn
	isDone   bool // Done was sent
	released bool // Released was sent
	eof      bool // the controller was told that the peer sends nothing more
	told     bool // and that the connection has ended
	watched  *actor.PID
	applied  Wishes // of the wishes, those that the core knows

	woken   atomic.Bool
	Reading Call
	Writing Call

	mu         sync.Mutex
	wishes     Wishes
	controller Controller // nil: the user reads

	connected chan struct{} // closed: the peer has answered, or the connection has ended
	ended     chan struct{} // closed: nothing is to be delivered any more
	gone      chan struct{} // closed: nobody serves calls any more
	once      struct{ connected, ended, gone sync.Once }
	err       error // why the connection has ended; not to be read before
	last      atomic.Pointer[core.Stats]
	crash     atomic.Pointer[Crashed] // that was told to the socket's actor
}

// Wishes are what the user has asked for. None is taken back.
type Wishes struct {
	CloseWrite bool
	Close      bool
	Abort      bool
}

// New returns a Channel for conn, which belongs to it from now on. number differs from that of all other channels of
// the tree.
func New(number uint64, line *Line, remote netip.AddrPort, sendID wire.ConnID, conn *core.Conn) *Channel {
	c := &Channel{
		number: number, key: Key{remote, conn.ID()}, SendID: sendID, line: line, conn: conn,
		mailbox:   actors.NewMailbox(actors.Limits{}, nil), // what it loses the peer sends again
		connected: make(chan struct{}), ended: make(chan struct{}), gone: make(chan struct{}),
	}
	c.timer = wheel.NewTimer(func() { c.mailbox.PostUserMessage(tick{}) })
	return c
}

// Key returns the name of the connection at its socket.
func (c *Channel) Key() Key { return c.key }

// Name returns the name of the actor below Channels.
func (c *Channel) Name() string { return fmt.Sprintf("channel-%d", c.number) }

// Deliver hands datagrams of the peer to the channel, on the socket's goroutine.
func (c *Channel) Deliver(b *Batch) { c.mailbox.Deliver(b) }

// Report hands the channel what ICMP says of a packet of ours: the path takes datagrams of longest bytes, or, for 0,
// nobody listens.
func (c *Channel) Report(q core.Quoted, longest int) { c.mailbox.PostUserMessage(reported{q, longest}) }

// Wake has the channel look at calls and wishes.
func (c *Channel) Wake() {
	if !c.woken.Swap(true) {
		c.mailbox.PostUserMessage(wake{})
	}
}

// Wish adds to what the user wants, and wakes the channel.
func (c *Channel) Wish(w Wishes) {
	c.mu.Lock()
	c.wishes.CloseWrite = c.wishes.CloseWrite || w.CloseWrite
	c.wishes.Close = c.wishes.Close || w.Close
	c.wishes.Abort = c.wishes.Abort || w.Abort
	c.mu.Unlock()
	c.Wake()
}

func (c *Channel) wanted() (Wishes, Controller) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wishes, c.controller
}

// Connected is closed when the peer has answered, or the connection has ended.
func (c *Channel) Connected() <-chan struct{} { return c.connected }

// Ended is closed when the connection has ended: Err tells why.
func (c *Channel) Ended() <-chan struct{} { return c.ended }

// Gone is closed when no call is served any more.
func (c *Channel) Gone() <-chan struct{} { return c.gone }

// Err returns why the connection has ended; nil: all was delivered. It may be called once Ended is closed.
func (c *Channel) Err() error { return c.err }

// LastStats returns the statistics of a connection that has ended; nil: it has not.
func (c *Channel) LastStats() *core.Stats { return c.last.Load() }

// Repeat posts what was told to the socket's actor again: it may have been lost in a crash of that one, on whose
// goroutine this is called.
func (c *Channel) Repeat() {
	if m := c.crash.Load(); m != nil {
		c.line.Mailbox.PostUserMessage(*m)
	}
	if c.isDone {
		c.line.Mailbox.PostUserMessage(Done{c})
	}
	if c.released {
		c.line.Mailbox.PostUserMessage(Released{c})
	}
}

// connect tells that the peer has answered.
func (c *Channel) connect() { c.once.connected.Do(func() { close(c.connected) }) }

// end tells why the connection has ended.
func (c *Channel) end(err error) {
	c.once.ended.Do(func() {
		c.err = err
		s := c.conn.Stats()
		c.last.Store(&s)
		close(c.ended)
	})
	c.connect()
}

// Fail ends the connection for its user, at once and with no word to the peer. It may be called again.
func (c *Channel) Fail(err error) {
	c.once.ended.Do(func() {
		c.err = err
		close(c.ended)
	})
	c.connect()
	c.once.gone.Do(func() { close(c.gone) })
}

// Abandon resets the connection in place of its actor, which is given up, and fails it. It runs on the socket's
// goroutine. What is wrong with the core's state does no harm.
func (c *Channel) Abandon(now time.Time, reason error) {
	defer func() {
		_ = recover()
		c.Fail(fmt.Errorf("%w: %w", ErrCrashed, reason))
	}()
	c.conn.Abort(now)
	c.emit(now)
}
