package tracing

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/flute-node/flute-node/flute/fdt"
)

// Attribute is the name of the attribute of a File entry that carries a context, without a namespace.
const Attribute = "X-Optel-Propagator"

// maxCarrier bounds its value in bytes: a traceparent has 55.
const maxCarrier = 4096

// contextOf returns the context that a sender has given; ok is false if there is none that can be read.
func contextOf(attributes []fdt.Attribute) (c trace.SpanContext, ok bool) {
	for _, a := range attributes {
		if a.Space != "" || a.Local != Attribute || len(a.Value) > maxCarrier {
			continue
		}
		plain, err := base64.StdEncoding.DecodeString(a.Value)
		if err != nil {
			return c, false
		}
		var carrier propagation.MapCarrier
		if json.Unmarshal(plain, &carrier) != nil {
			return c, false
		}
		c = trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), carrier))
		return c, c.IsValid()
	}
	return c, false
}

// Sent makes a span of a file that is handed to a sending session, and returns the attribute that has receivers' spans
// belong to its trace.
func (t *Tracer) Sent(unit, location string, now time.Time) fdt.Attribute {
	ctx, s := t.tracer.Start(context.Background(), "send file", trace.WithTimestamp(now),
		trace.WithSpanKind(trace.SpanKindProducer), trace.WithAttributes(
			attribute.String("network.transport", "flute"), attribute.String("flute.unit", unit),
			attribute.String("flute.content_location", text(location)),
		))
	s.End(trace.WithTimestamp(now)) // receivers never answer: when a file has arrived their spans tell
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	plain, err := json.Marshal(carrier)
	if err != nil {
		return fdt.Attribute{Local: Attribute} // a map of texts can be written
	}
	return fdt.Attribute{Local: Attribute, Value: base64.StdEncoding.EncodeToString(plain)}
}
