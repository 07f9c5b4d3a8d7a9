package daemon

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/outbox"
)

const (
	// Of each kind and reason logBurst events are logged at once, and logRate in a second. The rest is counted: a
	// sender of damaged files does not fill the disk.
	logBurst, logRate = 20, 1.0
	// maxReasons bounds the reasons that are told apart: some for each of the units there may be.
	maxReasons = 8192
	// levelOfOutput is that of what programs print.
	levelOfOutput = slog.LevelInfo
)

// newHandler returns what writes lines of the log, whose level can be changed.
func newHandler(w io.Writer, format string, level slog.Leveler) slog.Handler {
	options := &slog.HandlerOptions{Level: level}
	if format == "text" {
		return slog.NewTextHandler(w, options)
	}
	return slog.NewJSONHandler(w, options)
}

// parseLevel returns the level of a name.
func parseLevel(name string) (level slog.Level, err error) {
	return level, level.UnmarshalText([]byte(name))
}

// limiter lets so many log lines of each reason through.
type limiter struct {
	mu      sync.Mutex
	reasons map[string]*allowance
}

type allowance struct {
	tokens     float64
	at         time.Time
	suppressed uint64
}

// allow reports whether a line may be written, and how many before it were not.
func (l *limiter) allow(reason string, now time.Time) (ok bool, suppressed uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.reasons[reason]
	if a == nil {
		if len(l.reasons) >= maxReasons {
			reason = ""
			a = l.reasons[reason]
		}
		if a == nil {
			a = &allowance{tokens: logBurst, at: now}
			l.reasons[reason] = a
		}
	}
	a.tokens = min(logBurst, a.tokens+logRate*max(0, now.Sub(a.at).Seconds()))
	a.at = now
	if a.tokens < 1 {
		a.suppressed++
		return false, 0
	}
	a.tokens--
	suppressed, a.suppressed = a.suppressed, 0
	return true, suppressed
}

// eventLog writes events into a log.
type eventLog struct {
	log   *slog.Logger
	limit limiter
}

func newEventLog(log *slog.Logger) *eventLog {
	return &eventLog{log: log, limit: limiter{reasons: map[string]*allowance{}}}
}

// add logs an event, unless too many of its reason were logged. unit is the section that it belongs to.
func (l *eventLog) add(e notice.Event, unit string, now time.Time) {
	level, reason, attrs := describe(e)
	if !l.log.Enabled(context.Background(), level) {
		return
	}
	ok, suppressed := l.limit.allow(e.EventName()+" "+reason, now)
	if !ok {
		return
	}
	if unit != "" {
		attrs = append(attrs, slog.String("unit", unit))
	}
	if suppressed > 0 {
		attrs = append(attrs, slog.Uint64("suppressed", suppressed))
	}
	l.log.LogAttrs(context.Background(), level, e.EventName(), attrs...)
}

// say logs something else that may happen very often, unless too much of its reason was logged.
func (l *eventLog) say(level slog.Level, reason, message string, args ...any) {
	if !l.log.Enabled(context.Background(), level) {
		return
	}
	ok, suppressed := l.limit.allow(reason, time.Now())
	if !ok {
		return
	}
	if suppressed > 0 {
		args = append(args, "suppressed", suppressed)
	}
	l.log.Log(context.Background(), level, message, args...)
}

// describe returns how an event is logged. What only counts is for debugging.
func describe(e notice.Event) (level slog.Level, reason string, attrs []slog.Attr) {
	text := slog.String
	switch e := e.(type) {
	case event.SessionOpened:
		return slog.LevelInfo, "", []slog.Attr{text("session", e.Session.String()), slog.Bool("sending", e.Sending)}
	case event.SessionClosed:
		return slog.LevelInfo, e.Reason, []slog.Attr{
			text("session", e.Session.String()), text("reason", e.Reason), slog.Bool("sending", e.Sending),
		}
	case event.SessionComplete:
		level := slog.LevelInfo
		if e.Failed > 0 {
			level = slog.LevelWarn
		}
		return level, "", []slog.Attr{
			text("session", e.Session.String()), slog.Int("completed", e.Completed), slog.Int("failed", e.Failed),
		}
	case event.ObjectCompleted:
		return slog.LevelInfo, "", []slog.Attr{
			text("session", e.Session.String()), text("toi", e.TOI.String()), text("uri", e.ContentLocation),
			text("path", e.Path), slog.Uint64("size", e.Size), slog.Duration("duration_ns", e.Duration),
			slog.Bool("sending", e.Sending),
		}
	case event.ObjectFailed:
		level := slog.LevelWarn
		switch {
		case e.Reason == event.FailStore: // somebody must make room, whatever is tried again
		case e.Retry || e.Reason == event.FailSuperseded || e.Reason == event.FailCancelled:
			level = slog.LevelInfo
		}
		return level, string(e.Reason), []slog.Attr{
			text("session", e.Session.String()), text("toi", e.TOI.String()), text("uri", e.ContentLocation),
			text("reason", string(e.Reason)), text("detail", e.Detail), slog.Bool("retry", e.Retry),
			slog.Bool("sending", e.Sending),
		}
	case event.FDTRejected:
		return slog.LevelWarn, "", []slog.Attr{
			text("session", e.Session.String()), text("what", e.What()), text("reason", e.Reason),
		}
	case event.FeedState:
		return slog.LevelWarn, "", []slog.Attr{
			text("session", e.Session.String()), text("feed", e.Feed.String()), slog.Bool("alive", e.Alive),
		}
	case event.Late:
		return slog.LevelWarn, "", []slog.Attr{
			text("session", e.Session.String()), text("uri", e.ContentLocation), slog.Duration("by_ns", e.By),
		}
	case event.Warning:
		return slog.LevelWarn, "", []slog.Attr{text("text", e.Text)}
	case notice.Warning:
		return slog.LevelWarn, "", []slog.Attr{text("text", e.Text)}
	case notice.KernelDrops:
		return slog.LevelWarn, e.Group.String(), []slog.Attr{
			text("group", e.Group.String()), slog.Uint64("new", e.New), slog.Uint64("total", e.Total),
		}
	case notice.ActorRestarted:
		return slog.LevelError, "", []slog.Attr{
			text("actor", e.Actor), text("outcome", e.Outcome), text("reason", e.Reason), text("stack", e.Stack),
		}
	case notice.Missed:
		return slog.LevelWarn, "", []slog.Attr{slog.Uint64("count", e.Count)}
	case upload:
		return slog.LevelInfo, "", []slog.Attr{
			text("peer", e.Peer), text("name", e.Name), slog.Int64("size", e.Size), text("error", e.Error),
		}
	case leased:
		level := slog.LevelInfo
		if e.Error != "" {
			level = slog.LevelWarn
		}
		return level, "", []slog.Attr{
			text("lease", e.Lease), slog.Uint64("epoch", e.Epoch), text("error", e.Error),
		}
	case outbox.Tried:
		level := slog.LevelInfo
		switch e.Outcome {
		case outbox.Retried.String():
			level = slog.LevelWarn
		case outbox.Rejected.String():
			level = slog.LevelError
		}
		return level, e.Sink + " " + e.Outcome, []slog.Attr{
			text("sink", e.Sink), text("outcome", e.Outcome), text("uri", e.ContentLocation), text("key", e.Key),
			slog.Int("try", e.Try), text("error", e.Error),
		}
	case outbox.Refused:
		return slog.LevelError, e.Reason, []slog.Attr{
			text("sinks", strings.Join(e.Sinks, " ")), text("uri", e.ContentLocation), text("reason", e.Reason),
		}
	case ended:
		level := slog.LevelInfo
		if e.Error != "" {
			level = slog.LevelWarn
		}
		return level, "", []slog.Attr{
			text("uri", e.ContentLocation), slog.Int("exit_code", e.ExitCode), text("error", e.Error),
		}
	}
	return slog.LevelDebug, "", []slog.Attr{slog.Any("event", e)}
}
