package sink

import (
	"context"
	"time"

	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/internal/outbox"
	"github.com/flute-node/flute-node/internal/program"
)

// maxRun is longer than any try: its context ends a program.
const maxRun = 365 * 24 * time.Hour

// Exec runs a program for each file. Exit code 0 tells that it has taken the file; others are tried again.
type Exec struct{ runner *program.Runner }

// NewExec returns an Exec that runs at most so many programs at once. show, which may be nil, is given each line that
// one prints.
func NewExec(c program.Command, jobs int, show func(f *program.File, line string)) *Exec {
	return &Exec{program.New(program.Config{Command: c, Dir: "/", Timeout: maxRun, Jobs: jobs, Show: show})}
}

// Close implements [outbox.Sink].
func (e *Exec) Close() { e.runner.Kill() }

// Deliver implements [outbox.Sink].
func (e *Exec) Deliver(ctx context.Context, key string, f *outbox.File) error {
	return e.runner.Run(ctx, &program.File{
		Path: f.Path(), Size: f.Size, Key: key,
		Offer: receiver.Offer{Session: f.Session, Size: f.Size, File: fdt.File{
			TOI: f.TOI, ContentLocation: f.ContentLocation, ContentType: f.ContentType,
		}},
	})
}
