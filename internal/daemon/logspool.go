package daemon

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/flute-node/flute-node/internal/spool"
)

const (
	// maxLog bounds the lines of the log that wait for their reader, in bytes: some thousand lines.
	maxLog = 1 << 20
	// logPatience is how long the reader of the log may take for the last lines.
	logPatience = 2 * time.Second
	// killPatience is the same for a process that is killed.
	killPatience = 200 * time.Millisecond
)

// newSpool returns what has lines of the log wait for their reader.
func newSpool(w io.Writer, format string) *spool.Writer {
	return spool.New(w, maxLog, func(lost uint64) []byte {
		var line bytes.Buffer
		slog.New(newHandler(&line, format, slog.LevelInfo)).Warn("lines of the log were lost", "count", lost)
		return line.Bytes()
	})
}

// rankedHandler hands each record to the handler of its rank: where the reader of the log stands still, room for errors
// is left.
type rankedHandler [spool.Error + 1]slog.Handler

// newLogger returns the logger of a daemon, over a spool.
func newLogger(lines *spool.Writer, format string, level slog.Leveler) *slog.Logger {
	var h rankedHandler
	for rank := range h {
		h[rank] = newHandler(lines.Of(spool.Rank(rank)), format, level)
	}
	return slog.New(h)
}

func rankOf(l slog.Level) spool.Rank {
	switch {
	case l >= slog.LevelError:
		return spool.Error
	case l >= slog.LevelWarn:
		return spool.Warn
	case l >= slog.LevelInfo:
		return spool.Info
	}
	return spool.Debug
}

// Enabled implements [slog.Handler].
func (h rankedHandler) Enabled(ctx context.Context, l slog.Level) bool {
	return h[rankOf(l)].Enabled(ctx, l)
}

// Handle implements [slog.Handler].
func (h rankedHandler) Handle(ctx context.Context, r slog.Record) error {
	return h[rankOf(r.Level)].Handle(ctx, r)
}

// WithAttrs implements [slog.Handler].
func (h rankedHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	for rank := range h {
		h[rank] = h[rank].WithAttrs(attrs)
	}
	return h
}

// WithGroup implements [slog.Handler].
func (h rankedHandler) WithGroup(name string) slog.Handler {
	for rank := range h {
		h[rank] = h[rank].WithGroup(name)
	}
	return h
}

// flushLog waits for the reader of the log, until all is written or its patience is over.
func (d *Daemon) flushLog(patience time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	d.lines.Flush(ctx)
}
