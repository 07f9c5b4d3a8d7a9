package utp

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/utp/channel"
	"github.com/flute-node/flute-node/utp/connection"
	"github.com/flute-node/flute-node/utp/core"
)

// ErrUndelivered is returned by Close when the peer has not got all bytes in time.
var ErrUndelivered = errors.New("utp: not everything was delivered in time")

// defaultLinger is how long Close waits.
const defaultLinger = 3 * time.Second

// Conn is a connection. It is a net.Conn.
type Conn struct {
	socket  *Socket
	channel *channel.Channel
	remote  netip.AddrPort
	linger  atomic.Int64 // of SetLinger
	closed  atomic.Bool
	owned   *Stack // that ends with the connection; nil: somebody else's
	control atomic.Pointer[control]

	reading, writing sync.Mutex // held by the call that waits
	readBy, writeBy  deadline
}

var _ net.Conn = (*Conn)(nil)

func newConn(s *Socket, c *channel.Channel) *Conn {
	conn := &Conn{socket: s, channel: c, remote: c.Key().Remote}
	conn.linger.Store(-1)
	return conn
}

// Read returns what has come, at least one byte; io.EOF after the last byte of the peer.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.call("read", &c.reading, &c.channel.Reading, &c.readBy, p, false)
	return n, err
}

// ReadFull fills p: Erlang's recv with a length. The error is io.ErrUnexpectedEOF if the peer's bytes end before, and
// io.EOF if there are none.
func (c *Conn) ReadFull(p []byte) (int, error) {
	n, err := c.call("read", &c.reading, &c.channel.Reading, &c.readBy, p, true)
	if n > 0 && errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// Write returns when all bytes are in the send buffer, or with how many are.
func (c *Conn) Write(p []byte) (int, error) {
	return c.call("write", &c.writing, &c.channel.Writing, &c.writeBy, p, true)
}

// call has the channel move bytes.
func (c *Conn) call(op string, one *sync.Mutex, call *channel.Call, by *deadline, p []byte, all bool) (int, error) {
	one.Lock()
	defer one.Unlock()
	switch {
	case c.closed.Load():
		return 0, c.fail(op, net.ErrClosed)
	case by.hasPassed():
		return 0, c.fail(op, errDeadline)
	}
	call.Begin(p, all)
	c.channel.Wake()
	err := error(nil)
	select {
	case <-call.Done():
	case <-by.wait():
		err = errDeadline
	case <-c.channel.Gone():
		err = c.ended()
	}
	n, ended, failure := call.End()
	if ended {
		err = failure
	}
	return n, c.fail(op, err)
}

// ended returns why nobody serves calls any more.
func (c *Conn) ended() error {
	<-c.channel.Ended()
	if err := c.channel.Err(); err != nil && !c.closed.Load() {
		return err
	}
	return net.ErrClosed
}

// fail returns an error as package net has them.
func (c *Conn) fail(op string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF):
		return io.EOF
	case errors.Is(err, core.ErrClosed):
		err = net.ErrClosed
	}
	return opError(op, c.socket.local, c.remote, err)
}

// CloseWrite ends this end's stream after what was written. Reading goes on.
func (c *Conn) CloseWrite() error {
	if c.closed.Load() {
		return c.fail("close", net.ErrClosed)
	}
	c.channel.Wish(channel.Wishes{CloseWrite: true})
	return nil
}

// SetLinger says what Close does. With a positive d it waits for that time until the peer has got all bytes, and resets
// the connection otherwise. With 0 it resets the connection at once: bytes may be lost. With a negative d, the default,
// it waits for 3 s, and the connection goes on in the background for SocketConfig.Conn.Linger.
func (c *Conn) SetLinger(d time.Duration) { c.linger.Store(int64(d)) }

// Close closes the connection: calls that wait return, and what was written is delivered. Its error says that it was
// not, or why. It may be called again, and does nothing then.
func (c *Conn) Close() error {
	if c.closed.Swap(true) {
		return c.fail("close", net.ErrClosed)
	}
	if c.owned != nil {
		c.socket.leave()
		defer c.owned.stopAfter(c.socket)
	}
	linger := time.Duration(c.linger.Load())
	if linger == 0 {
		c.channel.Wish(channel.Wishes{Abort: true})
		return nil
	}
	wait := linger
	if linger < 0 {
		wait = defaultLinger
	}
	c.channel.Wish(channel.Wishes{Close: true})
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-c.channel.Ended():
		return c.fail("close", c.channel.Err())
	case <-timer.C:
	}
	if linger > 0 {
		c.channel.Wish(channel.Wishes{Abort: true})
	}
	return c.fail("close", ErrUndelivered)
}

// abort resets a connection that nobody has got yet.
func (c *Conn) abort() {
	c.closed.Store(true)
	c.channel.Wish(channel.Wishes{Abort: true})
}

// LocalAddr returns the address of the socket.
func (c *Conn) LocalAddr() net.Addr { return c.socket.LocalAddr() }

// RemoteAddr returns the address of the peer.
func (c *Conn) RemoteAddr() net.Addr { return net.UDPAddrFromAddrPort(c.remote) }

// SetDeadline sets the deadlines of Read and Write; a zero time is none.
func (c *Conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline sets that of Read and ReadFull, also of calls that wait.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.setDeadline(&c.readBy, t) }

// SetWriteDeadline sets that of Write, also of calls that wait.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.setDeadline(&c.writeBy, t) }

func (c *Conn) setDeadline(d *deadline, t time.Time) error {
	if c.closed.Load() {
		return c.fail("set", net.ErrClosed)
	}
	d.set(t)
	return nil
}

// Stats returns what the connection has done so far.
func (c *Conn) Stats() connection.Stats {
	s, err := actors.Ask[connection.Stats](context.Background(), c.socket.stack.system,
		c.socket.stack.pid(channelsName+"/"+c.channel.Name()), channel.Inspect{})
	if last := c.channel.LastStats(); err != nil && last != nil {
		return *last
	}
	return s
}
