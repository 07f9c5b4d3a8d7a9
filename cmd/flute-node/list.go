package main

import (
	"context"
	"fmt"
	"os"

	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/outgoing"
	"github.com/flute-node/flute-node/source"
)

// listed returns the lines of --list.
func (f *fileFlags) listed() (lines []outgoing.Line, err error) {
	if f.List == "" {
		return nil, nil
	}
	file, err := os.Open(f.List)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // nothing was written
	if lines, err = outgoing.ReadList(file); err != nil {
		err = fmt.Errorf("%s: %w", f.List, err)
	}
	return lines, err
}

// standardInput is the path that stands for it.
const standardInput = "-"

// spooled reads standard input to its end.
func (f *fileFlags) spooled(ctx context.Context) (*outgoing.Item, error) {
	type result struct {
		file sender.File
		err  error
	}
	done := make(chan result, 1)
	go func() {
		file, err := source.Stream(ctx, f.Name, os.Stdin, uint64(f.Spool))
		done <- result{file, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			return nil, fmt.Errorf("standard input: %w", r.err)
		}
		return &outgoing.Item{File: r.file}, nil
	case <-ctx.Done(): // nothing can interrupt the reading; it ends with the process
		return nil, interruption(ctx, "while standard input was read")
	}
}
