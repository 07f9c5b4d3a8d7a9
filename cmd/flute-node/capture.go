package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/flute-node/flute-node/internal/capture"
	"github.com/flute-node/flute-node/internal/inspect"
)

// captureCommand writes what comes into a file.
type captureCommand struct {
	tapFlags
	Notes bool   `negatable:"" default:"true" help:"Comments at the packets with which an object is whole, has failed, or an FDT Instance is known."`
	File  string `arg:"" name:"FILE" help:"Capture to write, as pcapng; - is standard output."`
}

// captureRecord is what the command prints in JSON.
type captureRecord struct {
	File   string         `json:"file"`
	Counts capture.Counts `json:"counts"`
}

// Run captures until it is interrupted, or the time is over.
func (c *captureCommand) Run(ctx context.Context, out *output) error {
	if c.Interface == "" && len(c.Group) == 0 {
		return errors.New("--interface or --group is needed")
	}
	f := os.Stdout
	if c.File != standardInput {
		var err error
		if f, err = os.Create(c.File); err != nil {
			return err
		}
	} else if err := out.handOver(); err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(f, 1<<20)
	w, err := capture.NewWriter(buffered, capture.Raw, c.Interface)
	if err != nil {
		return err
	}
	var notes []string
	judge := inspect.New(inspect.Config{Notice: func(text string) { notes = append(notes, text) }})
	var failed error
	counts, err := c.listen(ctx, func() { tellReady("capturing") }, func(d *capture.Datagram) {
		notes = notes[:0]
		if c.Notes {
			judge.Datagram(d)
		}
		if err := w.Datagram(d.Time, d.Src, d.Dst, d.Payload, strings.Join(notes, "\n")); err != nil {
			failed = err
		}
	})
	if c.File != standardInput {
		failed = errors.Join(failed, buffered.Flush(), f.Close())
		out.table("capture", captureRecord{c.File, counts},
			fmt.Sprintf("%s: %d datagrams", plain(c.File), counts.Datagrams))
	} else {
		failed = errors.Join(failed, buffered.Flush())
	}
	if err := errors.Join(failed, err); err != nil {
		return failure{err}
	}
	return nil
}
