package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
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
			fmt.Fprintf(os.Stderr, "flute-node: waiting for a peer at %v\n", a)
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
			fmt.Fprintf(os.Stderr, "flute-node: all has come, and the sender may not know: %v\n", closed)
		}
	}
	return e.endOf(ctx, err)
}

// utpShown shows files on their way.
type utpShown struct {
	out     *output
	sending bool
	index   uint64 // of the file in transfer
	last    time.Time
	sum     utpSummary
}

// utpSummary is the last event in JSON.
type utpSummary struct {
	Files   int     `json:"files"`
	Failed  int     `json:"failed"`
	Bytes   int64   `json:"bytes"`
	Resumed int64   `json:"resumed_bytes"`
	Seconds float64 `json:"seconds"`
}

type utpFile struct {
	Name  string `json:"name"`
	Size  int64  `json:"size"`
	From  int64  `json:"from,omitempty"`
	Moved int64  `json:"moved,omitempty"`
	Error string `json:"error,omitempty"`
}

type (
	utpListening struct {
		Address string `json:"address"`
	}
	utpMoved struct {
		Bytes int64 `json:"bytes"`
	}
	utpSkipped struct {
		Path string `json:"path"`
	}
	utpFailed struct {
		Error string `json:"error"`
	}
)

func (s *utpShown) progress() streamfiles.Progress {
	return streamfiles.Progress{Started: s.started, Moved: s.moved, Ended: s.ended}
}

// bar is how the screen knows a file.
func (s *utpShown) bar() flute.TOI { return flute.NewTOI(s.index) }

func (s *utpShown) started(name string, size, from int64) {
	s.index++
	s.last = time.Now()
	s.out.stream("file_started", utpFile{Name: name, Size: size, From: from}, "", false,
		event.ObjectStarted{TOI: s.bar(), Sending: s.sending, ContentLocation: name, TransferLength: uint64(size)})
}

func (s *utpShown) moved(name string, bytes int64) {
	now := time.Now()
	if s.out.json && now.Sub(s.last) < progressInterval {
		return
	}
	s.last = now
	s.out.stream("file_progress", utpFile{Name: name, Moved: bytes}, "", false,
		event.ObjectProgress{TOI: s.bar(), Sending: s.sending, Received: uint64(bytes)})
}

func (s *utpShown) ended(name string, size, from int64, err error) {
	f := utpFile{Name: name, Size: size, From: from}
	if err != nil {
		s.sum.Failed++
		f.Error = err.Error()
		s.out.stream("file_failed", f, fmt.Sprintf("%s failed: %v", plain(name), err), true,
			event.ObjectFailed{TOI: s.bar(), Sending: s.sending})
		return
	}
	s.sum.Files++
	s.sum.Bytes += size - from
	s.sum.Resumed += from
	text := fmt.Sprintf("%s  %s", plain(name), formatBytes(uint64(size)))
	if from > 0 {
		text += fmt.Sprintf(", of which %s were there", formatBytes(uint64(from)))
	}
	s.out.stream("file_completed", f, text, false, event.ObjectCompleted{TOI: s.bar(), Sending: s.sending})
}

// summary tells what came of all files.
func (s *utpShown) summary(start time.Time) {
	elapsed := time.Since(start)
	s.sum.Seconds = elapsed.Seconds()
	verb := "received"
	if s.sending {
		verb = "sent"
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "%d files %s, %s in %v, %s/s", s.sum.Files, verb, formatBytes(uint64(s.sum.Bytes)),
		elapsed.Round(time.Millisecond), formatBytes(uint64(float64(s.sum.Bytes)/elapsed.Seconds())))
	if s.sum.Failed > 0 {
		fmt.Fprintf(&text, "; %d failed", s.sum.Failed)
	}
	s.out.note("summary", s.sum, text.String())
}
