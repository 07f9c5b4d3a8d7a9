package core

import (
	"io"
	"time"
)

// Read moves what was received in order to p and returns how many bytes that are: none if nothing is there, with io.EOF
// after the last byte of the peer, or with the error that ended the connection.
func (c *Conn) Read(now time.Time, p []byte) (int, error) {
	t := c.clock.tick(now)
	if n := c.inbox.unread.n; n == 0 || c.discards {
		switch {
		case c.discards:
			return 0, ErrClosed
		case c.inbox.ended():
			return 0, io.EOF
		}
		return 0, c.err
	}
	n := c.inbox.unread.read(p)
	if c.state == connected && !c.inbox.ended() && c.acks.opened(c.inbox.window(), c.inbox.limit, c.mtu.max) {
		c.acks.due = min(c.acks.due, t)
	}
	return n, nil
}

// Buffered returns how many bytes Read has, and how many Write accepts.
func (c *Conn) Buffered() (readable, writable int) {
	if !c.discards {
		readable = c.inbox.unread.n
	}
	if !c.finQueued && c.state < lingering {
		writable = c.cfg.SendBuffer - c.outbox.n
	}
	return readable, writable
}
