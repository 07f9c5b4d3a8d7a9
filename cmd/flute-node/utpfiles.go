package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/flute-node/flute-node/internal/streamfiles"
)

type utpSendCommand struct {
	To    string   `placeholder:"ADDRESS:PORT" help:"The peer, which listens there."`
	Paths []string `arg:"" name:"PATH" help:"Files, and folders with all that is in them, for a peer that is utp receive DIR; - is standard input, as bytes for any peer."`
	utpFlags
}

// Run sends, and waits until the peer has all of it.
func (c *utpSendCommand) Run(ctx context.Context, out *output) error {
	raw := len(c.Paths) == 1 && c.Paths[0] == standardInput
	var files []streamfiles.File
	if !raw {
		var skipped []string
		var err error
		if files, skipped, err = streamfiles.Find(c.Paths); err != nil {
			return err
		}
		for _, at := range skipped {
			out.note("skipped", utpSkipped{at}, at+" is left out: no regular file")
		}
		if len(files) == 0 {
			return fmt.Errorf("no files to send in %v", c.Paths)
		}
	}
	e, err := c.connect(ctx, "--to", c.To, func(a net.Addr) {
		out.note("listening", utpListening{a.String()}, "waiting for a peer at "+a.String())
	})
	if err != nil {
		return err
	}
	defer e.close()
	out.begin()
	defer out.close()
	if raw {
		return c.sendInput(ctx, out, e)
	}
	start := time.Now()
	shown := &utpShown{out: out, sending: true}
	err = streamfiles.Send(e.conn, files, shown.progress())
	if err == nil {
		e.conn.SetLinger(c.Timeout)
		err = e.conn.Close()
	}
	shown.summary(start)
	return e.endOf(ctx, err)
}

// sendInput sends standard input as it is.
func (c *utpSendCommand) sendInput(ctx context.Context, out *output, e *utpEnd) error {
	start := time.Now()
	n, err := io.CopyBuffer(struct{ io.Writer }{e.conn}, struct{ io.Reader }{os.Stdin}, make([]byte, 256<<10))
	if err == nil {
		e.conn.SetLinger(c.Timeout)
		err = e.conn.Close()
	}
	if err = e.endOf(ctx, err); err != nil {
		return err
	}
	elapsed := time.Since(start).Round(time.Millisecond)
	out.note("sent", utpMoved{n}, fmt.Sprintf("%s sent in %v", formatBytes(uint64(n)), elapsed))
	return nil
}

type utpReceiveCommand struct {
	From string `placeholder:"ADDRESS:PORT" help:"The peer, which listens there."`
	Dir  string `arg:"" name:"DIR" help:"Folder for files of utp send; - is standard output, for the bytes of any peer."`
	Keep bool   `help:"Wait for the next peer after one has ended, until interrupted. Needs --listen and a folder."`
	utpFlags
}

// Run receives until the peer has sent all.
func (c *utpReceiveCommand) Run(ctx context.Context, out *output) error {
	if c.Dir == standardInput {
		if err := out.handOver(); err != nil {
			return err
		}
		return c.receiveOutput(ctx, out)
	}
	if c.Keep && c.Listen == "" {
		return errors.New("--keep needs --listen")
	}
	if err := os.MkdirAll(c.Dir, 0o777); err != nil {
		return err
	}
	root, err := os.OpenRoot(c.Dir)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // nothing was written to it
	out.begin()
	defer out.close()
	for {
		err := c.receive(ctx, out, root)
		if !c.Keep || ctx.Err() != nil && c.Keep {
			if c.Keep {
				return nil // only an interrupt ends it
			}
			return err
		}
		if err != nil {
			out.note("failed", utpFailed{err.Error()}, err.Error())
		}
	}
}

// receive receives what one peer sends.
func (c *utpReceiveCommand) receive(ctx context.Context, out *output, root *os.Root) error {
	e, err := c.connect(ctx, "--from", c.From, func(a net.Addr) {
		out.note("listening", utpListening{a.String()}, "waiting for a peer at "+a.String())
	})
	if err != nil {
		return err
	}
	defer e.close()
	start := time.Now()
	shown := &utpShown{out: out}
	_, err = streamfiles.Receive(e.conn, root, shown.progress())
	e.conn.SetLinger(c.Timeout)
	if closed := e.conn.Close(); err == nil && ctx.Err() == nil && closed != nil {
		out.note("warning", utpFailed{closed.Error()}, "all has come, and the sender may not know: "+closed.Error())
	}
	shown.summary(start)
	return e.endOf(ctx, err)
}

// receiveOutput writes what comes to standard output. What there is to tell goes to standard error.
func (c *utpReceiveCommand) receiveOutput(ctx context.Context, out *output) error {
	e, err := c.connect(ctx, "--from", c.From, func(a net.Addr) {
		if !out.quiet {
			_, _ = fmt.Fprintf(out.printer.stderr, "flute-node: waiting for a peer at %v\n", a)
		}
	})
	if err != nil {
		return err
	}
	defer e.close()
	_, err = io.CopyBuffer(struct{ io.Writer }{os.Stdout}, struct{ io.Reader }{e.conn}, make([]byte, 256<<10))
	if err == nil {
		e.conn.SetLinger(c.Timeout)
		if closed := e.conn.Close(); closed != nil && ctx.Err() == nil {
			_, _ = fmt.Fprintf(out.printer.stderr, "flute-node: all has come, and the sender may not know: %v\n",
				closed)
		}
	}
	return e.endOf(ctx, err)
}
