package main

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/flute-node/flute-node/internal/capture"
	"github.com/flute-node/flute-node/internal/inspect"
	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/store/file"
)

// The exit codes of inspect and lint, besides those of all commands.
const (
	exitViolations = 3
	exitNothing    = 4
)

// exit ends the program with a code of its own; what it is about has been told.
type exit int

func (e exit) Error() string { return "not clean" }

// inspectCommand judges a capture.
type inspectCommand struct {
	Extract string         `placeholder:"DIR" help:"Write the files that are whole and verified below DIR, in a folder for each session."`
	Layout  string         `default:"session" placeholder:"LAYOUT" help:"Names of the files in DIR, as receive --layout."`
	HTML    string         `placeholder:"FILE" help:"Write a page with plots to FILE, which needs nothing from elsewhere."`
	Verify  bool           `negatable:"" default:"true" help:"Decode objects and check their digests. Without it, what is complete is told from the symbols, which is faster."`
	Memory  settings.Bytes `default:"512MiB" placeholder:"SIZE" help:"What may be held at most. Without --extract, larger objects than an eighth of it are not verified."`
	tapFlags
	File string `arg:"" optional:"" name:"FILE" help:"Capture: pcap or pcapng, also compressed by gzip; - is standard input."`
}

// Help is shown below the flags.
func (c *inspectCommand) Help() string {
	return `Exit codes: 0 clean; 1 objects are not whole, the capture is cut, or not all of it was judged; 3 rules are broken that a sender must keep; 4 no FLUTE is in it.`
}

// Run reads the capture and prints the report.
func (c *inspectCommand) Run(ctx context.Context, out *output) error {
	live := c.Interface != "" || len(c.Group) > 0
	switch {
	case live && c.File != "":
		return errors.New("FILE and --interface or --group: take one of them")
	case !live && c.File == "":
		return errors.New("a FILE, --interface or --group is needed")
	}
	cfg := inspect.Config{Memory: uint64(c.Memory), Unverified: !c.Verify, Spawn: func(f func()) { go f() }}
	if c.Extract != "" {
		st, err := file.New(c.Extract)
		if err != nil {
			return err
		}
		defer func() { _ = st.Close() }()
		cfg.Store, cfg.Layout = st, c.Layout
	}
	judge := inspect.New(cfg)
	name := c.File
	var counts capture.Counts
	var ended error // why not all was read
	if live {
		name = c.Interface
		counts, ended = c.listen(ctx, func() { tellReady(out, "inspecting") },
			judge.Datagram)
		if counts.Packets == 0 && ended != nil {
			return ended
		}
	} else {
		in, err := openInput(c.File)
		if err != nil {
			return err
		}
		defer func() { _ = in.Close() }()
		if counts, ended, err = read(ctx, in, judge); err != nil {
			return err
		}
	}
	report := judge.Report()
	report.Finish(name, counts, ended)
	if c.HTML != "" {
		page, err := report.HTML()
		if err == nil {
			err = os.WriteFile(c.HTML, page, 0o644)
		}
		if err != nil {
			return err
		}
	}
	return c.print(out, report)
}

// read hands the datagrams of a capture to judge. ended is why it could not be read to its end.
func read(ctx context.Context, in io.Reader, judge *inspect.Inspector) (_ capture.Counts, ended, err error) {
	r, err := capture.NewReader(in)
	if err != nil {
		return capture.Counts{}, nil, err
	}
	var d capture.Datagram
	for ended = r.Next(&d); ended == nil && ctx.Err() == nil; ended = r.Next(&d) {
		judge.Datagram(&d)
	}
	if errors.Is(ended, io.EOF) {
		ended = nil
	}
	return r.Counts(), errors.Join(ended, ctx.Err()), nil
}

// print shows the report, and returns the exit code as an error.
func (c *inspectCommand) print(out *output, report *inspect.Report) error {
	out.table("inspect", report, report.Text())
	switch report.Verdict {
	case inspect.Clean:
		return nil
	case inspect.Violations:
		return exit(exitViolations)
	case inspect.Nothing:
		return exit(exitNothing)
	}
	return errFailed
}

// openInput opens a file, or standard input for -.
func openInput(name string) (io.ReadCloser, error) {
	if name == standardInput {
		return io.NopCloser(os.Stdin), nil
	}
	return os.Open(name)
}
