// Package tracing tells an OpenTelemetry collector of each file: a span from the FDT Instance that announced it to its
// publication, with one below it for each try to hand it to a sink ([OTLP] over HTTP).
//
//	t, err := tracing.New(tracing.Config{URL: "http://127.0.0.1:4318/v1/traces", …})
//	t.Announced(unit, session, &file, now) // from receiver.Config.Choose
//	t.Observe(unit, event, now)            // of each event of the node
//
// A sender may put the context of its own span into the attribute X-Optel-Propagator of the File entry, base64 of a
// JSON map, as the Rust crate flute does: spans of all receivers then belong to one trace.
//
// # Limitations
//
// Packets know nothing of it: what a span tells is made of events, so that "decoded" is when an event said that all
// bytes are there; a small file has none. A collector that is away loses spans, and never a file: 2048 spans wait for
// it. 10,000 files are followed at once, 1,000 of one session; a file beyond that has no span. Where all places are
// taken, a file of a session that has fewer takes one of the session that has most, whose span ends early. If the
// daemon was too busy to hear all events, the spans of those that were on their way end there. An attribute of the
// sender is not to be trusted, and decides on nothing but the trace that a span is shown in.
//
// [OTLP]: https://opentelemetry.io/docs/specs/otlp/
package tracing
