package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/flute-node/flute-node/internal/capture"
	"github.com/flute-node/flute-node/internal/inspect"
)

// captureCommand writes what comes into a file.
type captureCommand struct {
	tapFlags
	Notes bool   `negatable:"" default:"true" help:"Comments at the packets with which an object is whole, has failed, or an FDT Instance is known."`
	File  string `arg:"" name:"FILE" help:"Capture to write, as pcapng; - is standard output."`
}

// flushInterval is how long a datagram waits before it is written: that much is lost if the program is killed, and so
// late is what reads a pipe.
const flushInterval = time.Second

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
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var mu sync.Mutex // of what follows
	buffered := bufio.NewWriterSize(f, 1<<20)
	w, err := capture.NewWriter(buffered, capture.Raw, c.Interface)
	if err != nil {
		return err
	}
	var notes []string
	judge := inspect.New(inspect.Config{Notice: func(text string) { notes = append(notes, text) }})
	flush := func() {
		mu.Lock()
		defer mu.Unlock()
		if buffered.Flush() != nil {
			cancel() // nothing more can be written: an operator is told at once
		}
	}
	var flushing sync.WaitGroup
	flushing.Go(func() {
		for tick := time.NewTicker(flushInterval); ; {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				flush()
			}
		}
	})
	counts, err := c.listen(ctx, func() { tellReady(out, "capturing") }, func(d *capture.Datagram) {
		mu.Lock()
		defer mu.Unlock()
		notes = notes[:0]
		if c.Notes {
			judge.Datagram(d)
		}
		if w.Datagram(d.Time, d.Src, d.Dst, d.Payload, strings.Join(notes, "\n")) != nil {
			cancel()
		}
	})
	cancel()
	flushing.Wait()
	failed := buffered.Flush() // its error is that of the first write that failed
	if c.File != standardInput {
		failed = errors.Join(failed, f.Close())
	}
	if failed != nil {
		return failure{fmt.Errorf("the capture ends there: %w", failed)}
	}
	if c.File != standardInput {
		out.table("capture", captureRecord{c.File, counts},
			fmt.Sprintf("%s: %d datagrams", plain(c.File), counts.Datagrams))
	}
	if err != nil {
		return failure{err}
	}
	return nil
}
