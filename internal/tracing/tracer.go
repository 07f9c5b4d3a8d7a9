package tracing

import (
	"context"
	"fmt"
	"hash/maphash"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/flute-node/flute-node/flute"
)

const (
	// maxOpen bounds the files whose spans have not ended, maxEnded those whose sinks may still tell of them.
	maxOpen, maxEnded = 10_000, 10_000
	// maxOfSession bounds those of one session: one that announces very many files leaves places to others. Where many
	// do, the one that has most gives one to each that has fewer.
	maxOfSession = maxOpen / 10
	// exportTime is how long the collector may take for a batch.
	exportTime = 10 * time.Second
)

// MaxMemory is what spans take in bytes at most: those that are open, and those that wait for the collector.
const MaxMemory = (maxOpen + sdk.DefaultMaxQueueSize) * spanMemory

// spanMemory is what a span takes with a location and a path of maxText.
const spanMemory = 6 << 10

// Config configures a Tracer. All fields are required.
type Config struct {
	URL     string // that the collector takes spans at, such as http://127.0.0.1:4318/v1/traces
	Version string
	Host    string           // service.instance.id
	Failed  func(error)      // is called when spans could not be told; often, while a collector is away
	export  sdk.SpanExporter // in place of URL; for tests
}

// Tracer makes spans of events. It is safe for concurrent use.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
	seed     maphash.Seed

	mu     sync.Mutex
	open   spans
	ended  map[file]trace.SpanContext // the latest span of a file, for its sinks
	order  []file                     // of ended: a ring, once it is full
	oldest int                        // of order
}

// New returns a Tracer. The collector need not be there.
func New(cfg Config) (*Tracer, error) {
	export := cfg.export
	if export == nil {
		var err error
		export, err = otlptracehttp.New(context.Background(), otlptracehttp.WithEndpointURL(cfg.URL),
			otlptracehttp.WithTimeout(exportTime))
		if err != nil {
			return nil, fmt.Errorf("tracing: %w", err)
		}
	}
	about := resource.NewSchemaless(attribute.String("service.name", "flute-node"),
		attribute.String("service.version", cfg.Version), attribute.String("service.instance.id", cfg.Host))
	provider := sdk.NewTracerProvider(sdk.WithBatcher(&quiet{export, cfg.Failed}), sdk.WithResource(about),
		sdk.WithSampler(sdk.AlwaysSample())) // whether it is wanted this configuration says, and no sender
	return &Tracer{
		provider: provider, tracer: provider.Tracer("github.com/flute-node/flute-node"),
		seed: maphash.MakeSeed(), open: spans{of: map[flute.SessionKey]map[flute.TOI]*span{}},
		ended: map[file]trace.SpanContext{},
	}, nil
}

// Close ends all spans, and tells what has not been told, until ctx ends.
func (t *Tracer) Close(ctx context.Context) error {
	t.endAll("the node stops", time.Now())
	return t.provider.Shutdown(ctx)
}

// endAll ends the spans that are open, and says why.
func (t *Tracer) endAll(why string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for session, all := range t.open.of {
		for toi := range all {
			t.cut(object{session, toi}, why, now)
		}
	}
}

// cut ends the span of an object, and says why. The caller holds mu.
func (t *Tracer) cut(key object, why string, now time.Time) {
	s := t.open.get(key)
	s.span.AddEvent(why, trace.WithTimestamp(now))
	s.span.End(trace.WithTimestamp(now))
	t.open.remove(key)
}

// quiet is an exporter whose failures go where the daemon wants them, and not to a handler of the process.
type quiet struct {
	sdk.SpanExporter

	failed func(error)
}

// ExportSpans implements sdk.SpanExporter.
func (q *quiet) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	if err := q.SpanExporter.ExportSpans(ctx, spans); err != nil {
		q.failed(fmt.Errorf("%d spans are lost: %w", len(spans), err))
	}
	return nil
}
