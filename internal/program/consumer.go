package program

import (
	"context"
	"errors"
	"io/fs"
	"syscall"
)

// consumer is a receiver.Consumer: a program that takes a file from its standard input. One that reads no more has
// taken the file if it ends well.
type consumer struct {
	r    *Runner
	f    *File
	p    *process // nil: it does not run
	deaf bool     // it reads no more
}

// Open implements [receiver.Consumer].
func (c *consumer) Open(size uint64) (err error) {
	if err := c.r.enter(); err != nil {
		return err
	}
	c.f.Size, c.deaf = size, false
	if c.p, err = c.r.start(context.Background(), c.f, nil); err != nil {
		c.r.leave()
		if c.r.cfg.Ended != nil {
			c.r.cfg.Ended(End{File: c.f, ExitCode: -1, Err: err})
		}
	}
	return err
}

// Write implements [io.Writer].
func (c *consumer) Write(b []byte) (int, error) {
	if c.deaf {
		return len(b), nil
	}
	_, err := c.p.stdin.Write(b)
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, fs.ErrClosed) {
		c.deaf, err = true, nil // how it ends will tell
	}
	return len(b), err
}

// Commit implements [receiver.Consumer].
func (c *consumer) Commit() error {
	err := c.r.end(c.f, c.p.began, c.p, nil)
	c.p = nil
	c.r.leave()
	return err
}

// Abort implements [receiver.Consumer].
func (c *consumer) Abort(error) {
	if c.p == nil {
		return
	}
	select {
	case <-c.p.ended:
	default:
		killGroup(c.p.cmd) // it has not seen all
	}
	_ = c.Commit()
}
