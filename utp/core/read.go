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
	c.hasRead(t)
	return n, nil
}

// hasRead tells the peer of room that it may wait for.
func (c *Conn) hasRead(now instant) {
	if c.state == connected && !c.inbox.ended() && c.acks.opened(c.inbox.window(), c.inbox.limit, c.mtu.max) {
		c.acks.due = min(c.acks.due, now)
	}
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

// Peek copies the first bytes that Read has to p, and leaves them. It returns how many.
func (c *Conn) Peek(p []byte) int {
	if c.discards {
		return 0
	}
	first, second := c.inbox.unread.parts(0, min(len(p), c.inbox.unread.n))
	n := copy(p, first)
	return n + copy(p[n:], second)
}

// Skip drops the first n bytes that Read has, which Peek has copied.
func (c *Conn) Skip(now time.Time, n int) {
	t := c.clock.tick(now)
	if n = min(n, c.inbox.unread.n); n > 0 && !c.discards {
		c.inbox.unread.discard(n)
		c.hasRead(t)
	}
}

// AtEOF reports whether Read would return io.EOF.
func (c *Conn) AtEOF() bool { return !c.discards && c.inbox.unread.n == 0 && c.inbox.ended() }
