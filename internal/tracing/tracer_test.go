package tracing

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/internal/outbox"
)

var key = flute.SessionKey{
	Source: netip.MustParseAddr("10.0.0.1"), Group: netip.MustParseAddrPort("239.1.1.1:1"), TSI: 7,
}

// newTest returns a Tracer, and what ends it and returns its spans by name.
func newTest(t *testing.T) (*Tracer, func() map[string][]tracetest.SpanStub) {
	t.Helper()
	memory := &keeper{tracetest.NewInMemoryExporter()}
	tr, err := New(Config{Version: "v1", Host: "h", export: memory, Failed: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	return tr, func() map[string][]tracetest.SpanStub {
		if err := tr.Close(t.Context()); err != nil {
			t.Error(err)
		}
		spans := map[string][]tracetest.SpanStub{}
		for _, s := range memory.GetSpans() {
			spans[s.Name] = append(spans[s.Name], s)
		}
		return spans
	}
}

// keeper keeps its spans when it is shut down.
type keeper struct{ *tracetest.InMemoryExporter }

func (*keeper) Shutdown(context.Context) error { return nil }

func eventsOf(s *tracetest.SpanStub) (names []string) {
	for _, e := range s.Events {
		names = append(names, e.Name)
	}
	return names
}

// TestTrace: the span of a file lasts from its announcement to its publication and belongs to the trace of its sender;
// those of sinks lie below it.
func TestTrace(t *testing.T) {
	tr, end := newTest(t)
	now := time.Now()
	at := func(s int) time.Time { return now.Add(time.Duration(s) * time.Second) }
	f := fdt.File{TOI: flute.NewTOI(5), ContentLocation: "file:///a"}
	f.Attributes = []fdt.Attribute{{Local: "other"}, tr.Sent("out", "file:///a", now)}
	tr.Announced("in", key, &f, at(1))
	tr.Observe("in", event.ObjectStarted{Session: key, TOI: f.TOI, ContentLocation: "file:///a"}, at(2))
	for _, n := range []uint64{50, 100, 100} {
		tr.Observe("in", event.ObjectProgress{Session: key, TOI: f.TOI, Received: n, TransferLength: 100}, at(3))
	}
	tr.Observe("in", outbox.Tried{
		Unit: "in", ContentLocation: "file:///a", Sink: "hook", Outcome: "retried", Error: "500",
		Seconds: 1,
	}, at(4)) // a sink may be faster than the event
	tr.Observe("in", event.ObjectCompleted{
		Session: key, TOI: f.TOI, ContentLocation: "file:///a", Size: 100,
		FirstPacket: at(2), Verified: []string{"md5"}, Path: "a",
	}, at(4))
	tr.Observe("in", outbox.Tried{Unit: "in", ContentLocation: "file:///a", Sink: "hook", Outcome: "delivered"}, at(5))
	tr.Observe("out", event.ObjectCompleted{Session: key, TOI: f.TOI, Sending: true}, at(5))
	spans := end()
	if len(spans["receive file"]) != 1 || len(spans["send file"]) != 1 || len(spans["sink hook"]) != 2 {
		t.Fatalf("%v", spans)
	}
	sent, got := spans["send file"][0], spans["receive file"][0]
	if got.Parent.SpanID() != sent.SpanContext.SpanID() || got.SpanContext.TraceID() != sent.SpanContext.TraceID() {
		t.Error("the span does not belong to that of the sender")
	}
	if !got.StartTime.Equal(at(1)) || !got.EndTime.Equal(at(4)) || got.Status.Code != codes.Ok {
		t.Errorf("%v to %v, %v", got.StartTime, got.EndTime, got.Status)
	}
	if want := []string{"decoded", "first symbol", "verified", "published"}; !slices.Equal(eventsOf(&got), want) {
		t.Errorf("%q", eventsOf(&got))
	}
	for _, s := range spans["sink hook"] {
		if s.Parent.SpanID() != got.SpanContext.SpanID() {
			t.Error("a sink is not below its file")
		}
	}
	if first := spans["sink hook"][0]; first.Status.Code != codes.Error || !first.StartTime.Equal(at(3)) {
		t.Errorf("%+v", first)
	}
}

// TestFailure: a file that failed for good has a span that says why; a try that failed does not end it; one that never
// ended ends with the node.
func TestFailure(t *testing.T) {
	tr, end := newTest(t)
	now := time.Now()
	for toi := range uint64(2) {
		tr.Observe("in", event.ObjectStarted{Session: key, TOI: flute.NewTOI(toi + 1)}, now)
	}
	failed := event.ObjectFailed{Session: key, TOI: flute.NewTOI(1), Reason: event.FailDigest, Retry: true}
	for range 1000 {
		tr.Observe("in", failed, now)
	}
	failed.Retry = false
	tr.Observe("in", failed, now)
	tr.Observe("in", failed, now) // of none that is open
	spans := end()["receive file"]
	if len(spans) != 2 || spans[0].Status.Code != codes.Error ||
		!slices.Equal(eventsOf(&spans[0]), []string{"tried again", "tried again", "tried again"}) ||
		!slices.Equal(eventsOf(&spans[1]), []string{"the node stops"}) {
		t.Errorf("%+v", spans)
	}
}

// TestMissed: when events were missed, spans whose end may be among them do not take the places of others for ever.
func TestMissed(t *testing.T) {
	tr, end := newTest(t)
	now := time.Now()
	for i := range uint64(maxOpen) {
		other := key
		other.TSI = flute.TSI(i % 100)
		tr.Observe("in", event.ObjectStarted{Session: other, TOI: flute.NewTOI(i + 1)}, now)
	}
	if tr.open.count != maxOpen {
		t.Errorf("%d are open", tr.open.count)
	}
	tr.Observe("", notice.Missed{Count: 1}, now)
	if tr.open.count != 0 || len(tr.open.of) != 0 {
		t.Errorf("%d are open", tr.open.count)
	}
	tr.Observe("in", event.ObjectStarted{Session: key, TOI: flute.NewTOI(1 << 20)}, now)
	if tr.open.count != 1 {
		t.Errorf("%d are open after another one", tr.open.count)
	}
	end()
}

// TestHostile: what a sender writes into the attribute, and how many files it announces, costs no more than the bounds.
func TestHostile(t *testing.T) {
	tr, end := newTest(t)
	now := time.Now()
	b64 := base64.StdEncoding.EncodeToString
	for i, value := range []string{
		"", "%", b64([]byte("{")), b64([]byte(`{"traceparent":5}`)), b64([]byte(`{"traceparent":"00-0-0-0"}`)),
		b64([]byte(`{"traceparent":"00-00000000000000000000000000000000-0000000000000000-01"}`)),
		b64([]byte(`{"traceparent":"` + strings.Repeat("x", maxCarrier) + `"}`)), b64([]byte("[]")), b64([]byte("null")),
	} {
		f := fdt.File{
			TOI: flute.NewTOI(uint64(i + 1)), ContentLocation: strings.Repeat("\xff", 1<<16),
			Attributes: []fdt.Attribute{{Local: Attribute, Value: value}},
		}
		tr.Announced("in", key, &f, now)
	}
	for i := range uint64(2 * maxOpen) {
		f := fdt.File{TOI: flute.NewTOI(i + 100), ContentLocation: fmt.Sprint(i)}
		tr.Announced("in", key, &f, now)
	}
	if tr.open.count != maxOfSession || len(tr.ended) > maxEnded {
		t.Errorf("%d open, %d ended", tr.open.count, len(tr.ended))
	}
	for i := range uint64(2 * maxOpen) {
		toi := flute.NewTOI(i + 1)
		tr.Observe("in", event.ObjectStarted{Session: key, TOI: toi, ContentLocation: fmt.Sprint(i)}, now)
		tr.Observe("in", event.ObjectCompleted{Session: key, TOI: toi}, now)
	}
	if len(tr.ended) != maxEnded || len(tr.order) != maxEnded {
		t.Errorf("%d ended, %d in their order", len(tr.ended), len(tr.order))
	}
	for _, s := range end()["receive file"] {
		if s.Parent.IsValid() {
			t.Fatalf("%v is a parent", s.Parent)
		}
	}
}

// TestSessionsShareSpans: a sender that announces very many files leaves places to another one, and gets some back as
// its files end.
func TestSessionsShareSpans(t *testing.T) {
	tr, end := newTest(t)
	defer end()
	now := time.Now()
	announce := func(key flute.SessionKey, toi uint64) bool {
		tr.Announced("in", key, &fdt.File{TOI: flute.NewTOI(toi), ContentLocation: fmt.Sprint(toi)}, now)
		return tr.open.get(object{key, flute.NewTOI(toi)}) != nil
	}
	for i := range uint64(maxOpen + 1) {
		announce(key, i+1)
	}
	other := key
	other.TSI++
	if !announce(other, 1) {
		t.Error("a sender has taken all places")
	}
	if announce(key, maxOpen+5) {
		t.Error("it takes more than its share")
	}
	tr.Observe("in", event.ObjectCompleted{Session: key, TOI: flute.NewTOI(1)}, now)
	if !announce(key, maxOpen+5) {
		t.Error("a place that is free again is not given")
	}
}

// TestManySessionsShareSpans: sessions that have taken all places give one up for each file of another session, until
// that has as many as they. What is taken from a session is told, and its other files are not touched.
func TestManySessionsShareSpans(t *testing.T) {
	tr, end := newTest(t)
	now := time.Now()
	announce := func(tsi flute.TSI, toi uint64) bool {
		now = now.Add(searchPause / 3)
		k := key
		k.TSI = tsi
		tr.Announced("in", k, &fdt.File{TOI: flute.NewTOI(toi), ContentLocation: fmt.Sprint(toi)}, now)
		return tr.open.get(object{k, flute.NewTOI(toi)}) != nil
	}
	const crowd = maxOpen / maxOfSession
	for tsi := range flute.TSI(crowd) {
		for toi := range uint64(maxOfSession) {
			announce(tsi, toi+1)
		}
	}
	refused := 0
	for toi := range uint64(2 * maxOfSession) {
		if !announce(crowd, toi+1) {
			refused++
		}
	}
	if n := tr.open.count; n != maxOpen {
		t.Errorf("%d are open", n)
	}
	const fair = maxOpen / (crowd + 1)
	for k, all := range tr.open.of {
		if len(all) < fair-4 || len(all) > fair+4 {
			t.Errorf("session %d has %d of %d places", k.TSI, len(all), fair)
		}
	}
	if refused < 2*maxOfSession-fair-4 {
		t.Errorf("%d are refused", refused)
	}
	cut := 0
	for _, s := range end()["receive file"] {
		if slices.Contains(eventsOf(&s), "its place was needed") {
			cut++
		}
	}
	if cut != 2*maxOfSession-refused {
		t.Errorf("%d spans are cut, of %d", cut, 2*maxOfSession-refused)
	}
}

// TestCollector: spans come to a collector by OTLP over HTTP; one that is away is told, and holds up nobody.
func TestCollector(t *testing.T) {
	got := make(chan string, 10)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var body io.Reader = r.Body
		if r.Header.Get("Content-Encoding") == "gzip" {
			body, _ = gzip.NewReader(r.Body)
		}
		var b bytes.Buffer
		_, _ = b.ReadFrom(body)
		got <- r.URL.Path + " " + b.String()
	}))
	faults := make(chan error, 10)
	tr, err := New(Config{
		URL: collector.URL + "/v1/traces", Version: "v1", Host: "h", Failed: func(err error) { faults <- err },
	})
	if err != nil {
		t.Fatal(err)
	}
	tr.Sent("out", "file:///a", time.Now())
	if err := tr.provider.ForceFlush(t.Context()); err != nil {
		t.Error(err)
	}
	if text := <-got; !strings.HasPrefix(text, "/v1/traces ") || !strings.Contains(text, "file:///a") {
		t.Errorf("%.100q", text)
	}
	collector.Close()
	tr.Sent("out", "file:///b", time.Now())
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_ = tr.Close(ctx)
	if err := <-faults; !strings.Contains(err.Error(), "1 spans are lost") {
		t.Error(err)
	}
}

var _ sdk.SpanExporter = (*keeper)(nil)
