package tracing

import (
	"context"
	"hash/maphash"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/internal/outbox"
)

const (
	// maxText bounds an attribute that a sender chooses, in bytes.
	maxText = 1024
	// maxTries bounds the failed tries that a span tells of: a sender may have a file fail again and again.
	maxTries = 3
)

// object is one that is on its way to this node.
type object struct {
	session flute.SessionKey
	toi     flute.TOI
}

// file is what a sink tells of.
type file struct {
	unit     string
	location uint64 // hash: a sender chooses how long it is
}

// span is that of an object.
type span struct {
	span    trace.Span
	unit    string
	decoded bool
	tries   int // that have failed
}

// Announced begins the span of a file that an FDT Instance describes. One that the sender has given a context belongs
// to the trace of that.
func (t *Tracer) Announced(unit string, session flute.SessionKey, f *fdt.File, now time.Time) {
	ctx := context.Background()
	if parent, ok := contextOf(f.Attributes); ok {
		ctx = trace.ContextWithRemoteSpanContext(ctx, parent)
	}
	t.begin(ctx, unit, object{session, f.TOI}, f.ContentLocation, now)
}

// begin begins a span, unless there is one, or too many are open, of its session or of all. If there is no place, a
// session that has fewer takes one of the session that has most. A file that finds no place as it is announced may find
// one with its first symbol.
func (t *Tracer) begin(ctx context.Context, unit string, key object, location string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open.get(key) != nil || len(t.open.of[key.session]) >= maxOfSession {
		return
	}
	if t.open.count >= maxOpen {
		victim, ok := t.open.crowded(key.session, now)
		if !ok {
			return
		}
		t.cut(victim, "its place was needed", now)
	}
	_, s := t.tracer.Start(ctx, "receive file", trace.WithTimestamp(now), trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(
			attribute.String("network.transport", "flute"), attribute.String("flute.unit", unit),
			attribute.String("flute.source", key.session.Source.String()),
			attribute.String("flute.group", key.session.Group.String()),
			attribute.Int64("flute.tsi", int64(key.session.TSI)), attribute.String("flute.toi", key.toi.String()),
			attribute.String("flute.content_location", text(location)),
		))
	t.open.add(key, &span{span: s, unit: unit})
	t.remember(t.fileOf(unit, location), s.SpanContext())
}

// remember keeps the span of a file for its sinks. The caller holds mu.
func (t *Tracer) remember(f file, c trace.SpanContext) {
	switch _, known := t.ended[f]; {
	case known:
	case len(t.order) < maxEnded:
		t.order = append(t.order, f)
	default:
		delete(t.ended, t.order[t.oldest])
		t.order[t.oldest] = f
		t.oldest = (t.oldest + 1) % maxEnded
	}
	t.ended[f] = c
}

func (t *Tracer) fileOf(unit, location string) file {
	return file{unit, maphash.String(t.seed, location)}
}

// text returns what a sender has said, short and in UTF-8.
func text(s string) string { return strings.ToValidUTF8(s[:min(len(s), maxText)], "\ufffd") }

// Observe makes of an event what it tells of a file.
func (t *Tracer) Observe(unit string, e notice.Event, now time.Time) {
	switch e := e.(type) {
	case event.ObjectStarted:
		if !e.Sending {
			t.begin(context.Background(), unit, object{e.Session, e.TOI}, e.ContentLocation, now)
		}
	case event.ObjectProgress:
		if e.Received < e.TransferLength || e.Sending {
			return
		}
		t.with(object{e.Session, e.TOI}, func(s *span) {
			if !s.decoded {
				s.decoded = true
				s.span.AddEvent("decoded", trace.WithTimestamp(now))
			}
		})
	case event.ObjectCompleted:
		if !e.Sending {
			t.completed(&e, now)
		}
	case event.ObjectFailed:
		if !e.Sending {
			t.failed(&e, now)
		}
	case event.ObjectRefused:
		t.end(object{e.Session, e.TOI}, now, func(s *span) {
			s.span.AddEvent("refused", trace.WithTimestamp(now),
				trace.WithAttributes(attribute.String("reason", text(e.Reason))))
		})
	case outbox.Tried:
		t.tried(&e, now)
	case notice.Missed: // which of them have ended is not known
		t.endAll("events were missed", now)
	}
}

func (t *Tracer) completed(e *event.ObjectCompleted, now time.Time) {
	t.end(object{e.Session, e.TOI}, now, func(s *span) {
		if !e.FirstPacket.IsZero() {
			s.span.AddEvent("first symbol", trace.WithTimestamp(e.FirstPacket))
		}
		if len(e.Verified) > 0 {
			s.span.AddEvent("verified", trace.WithTimestamp(now),
				trace.WithAttributes(attribute.StringSlice("digests", e.Verified)))
		}
		if !e.Earlier {
			s.span.AddEvent("published", trace.WithTimestamp(now),
				trace.WithAttributes(attribute.String("path", text(e.Path))))
		}
		s.span.SetAttributes(attribute.Int64("flute.size", int64(e.Size)),
			attribute.Int64("flute.repaired_symbols", int64(e.Repaired)), attribute.Bool("flute.earlier", e.Earlier),
			attribute.Bool("flute.kept", e.Kept))
		s.span.SetStatus(codes.Ok, "")
	})
}

func (t *Tracer) failed(e *event.ObjectFailed, now time.Time) {
	key := object{e.Session, e.TOI}
	if e.Retry {
		t.with(key, func(s *span) {
			if s.tries++; s.tries <= maxTries {
				s.span.AddEvent("tried again", trace.WithTimestamp(now),
					trace.WithAttributes(attribute.String("reason", string(e.Reason))))
			}
		})
		return
	}
	why := text(string(e.Reason) + ": " + e.Detail)
	t.end(key, now, func(s *span) { s.span.SetStatus(codes.Error, why) })
}

// tried makes a span of a try to hand a file on, below that of the file, if it is known.
func (t *Tracer) tried(e *outbox.Tried, now time.Time) {
	t.mu.Lock()
	parent := t.ended[t.fileOf(e.Unit, e.ContentLocation)]
	t.mu.Unlock()
	ctx := trace.ContextWithSpanContext(context.Background(), parent)
	began := now.Add(-time.Duration(e.Seconds * float64(time.Second)))
	_, s := t.tracer.Start(ctx, "sink "+e.Sink, trace.WithTimestamp(began), trace.WithSpanKind(trace.SpanKindProducer),
		trace.WithAttributes(
			attribute.String("flute.unit", e.Unit), attribute.String("flute.sink.key", e.Key),
			attribute.String("flute.sink.outcome", e.Outcome), attribute.Int("flute.sink.try", e.Try),
			attribute.String("flute.content_location", text(e.ContentLocation)),
		))
	if e.Error != "" {
		s.SetStatus(codes.Error, text(e.Error))
	}
	s.End(trace.WithTimestamp(now))
}

// with does something with the span of an object, if it is open.
func (t *Tracer) with(key object, do func(*span)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.open.get(key); s != nil {
		do(s)
	}
}

// end is with, and ends the span.
func (t *Tracer) end(key object, now time.Time, do func(*span)) {
	t.with(key, func(s *span) {
		do(s)
		s.span.End(trace.WithTimestamp(now))
		t.open.remove(key)
	})
}
