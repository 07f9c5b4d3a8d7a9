package channel

import "sync"

// Call is a Read or a Write that waits: the user lends its bytes until the call has ended. It joins user and channel,
// and is safe for concurrent use; a user makes one call at a time.
type Call struct {
	mu   sync.Mutex
	p    []byte
	n    int // bytes that were moved
	all  bool
	busy bool
	err  error
	done chan struct{} // has room for one; nil: there was no call yet
}

// Begin begins a call that moves bytes between p and the connection. A Read ends with the first bytes, unless all are
// wanted; a Write ends with the last. Done tells of the end; then, or to give up, End is called.
func (c *Call) Begin(p []byte, all bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done == nil {
		c.done = make(chan struct{}, 1)
	}
	select {
	case <-c.done: // of a call that was given up while it ended
	default:
	}
	c.p, c.n, c.all, c.busy, c.err = p, 0, all, true, nil
}

// Done returns the channel that tells that the call has ended, which Begin has begun.
func (c *Call) Done() <-chan struct{} { return c.done }

// End ends the call if it has not ended, and takes p back. ended reports that the channel had ended it: n and err are
// the whole result then.
func (c *Call) End() (n int, ended bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ended = !c.busy
	c.busy, c.p = false, nil
	return c.n, ended, c.err
}

// serve moves bytes by move, and ends the call when it has enough or move fails. It reports whether bytes were moved.
func (c *Call) serve(move func(p []byte) (int, error)) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.busy {
		return false
	}
	n, err := move(c.p[c.n:])
	c.n += n
	if err != nil && c.n > 0 && !c.all {
		err = nil // the next call gets it
	}
	if c.n == len(c.p) {
		err = nil
	}
	if c.n == len(c.p) || c.n > 0 && !c.all || err != nil {
		c.err, c.busy = err, false
		c.done <- struct{}{}
	}
	return n > 0
}

// fail ends a call that waits.
func (c *Call) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.busy {
		c.err, c.busy = err, false
		c.done <- struct{}{}
	}
}
