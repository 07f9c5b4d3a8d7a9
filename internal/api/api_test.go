package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/netns"
	"github.com/flute-node/flute-node/node"
)

// backend is a daemon that has a unit of each kind.
type backend struct {
	down   error // the node does not answer
	broken bool  // the configuration
	paused bool
	level  string
	orders int
}

var sessionKey = flute.SessionKey{
	Source: netip.MustParseAddr("10.0.0.1"), Group: netip.MustParseAddrPort("239.1.1.1:3400"), TSI: 7,
}

func (b *backend) State(context.Context) (*State, error) {
	if b.down != nil {
		return nil, b.down
	}
	object := event.ObjectState{
		TOI: flute.NewTOI(5), ContentLocation: "file:///<script>", Phase: "receiving", TransferLength: 10, Done: 4,
		Lacking: 1, Needed: 2, Missing: [][2]uint64{{4, 10}}, MissingBlocks: [][2]uint64{{0, 2}},
	}
	return &State{
		Version: "v1", Started: time.Now(), LogLevel: "info",
		Config: ConfigState{Files: []string{"/etc/x"}, Loaded: time.Now(), OK: true},
		Units: []Unit{
			{Kind: "receive", Name: "in", Phase: "running", Since: time.Now()},
			{Kind: "send", Name: "out", Phase: "waiting", Since: time.Now(), Error: "x", Failures: 3, Next: time.Now(), Paused: true},
		},
		Snapshot: &node.Snapshot{
			Time: time.Now(), Actors: []string{"node", "node/hub"}, ActorCount: 2, SessionCount: 2, Budget: 10, Used: 5,
			Receptions: []node.ReceptionState{{
				ID: 1, Group: sessionKey.Group, Feeds: []flute.Feed{{Group: sessionKey.Group, Interface: "eth1"}},
			}},
			Sessions: []node.SessionState{
				{
					Session: sessionKey, Reception: 1, Received: &flute.Counters{Received: 1, Accepted: 1},
					Account: &event.Account{}, Feeds: []event.FeedStats{{}}, Held: 3, ReceivedBytes: 9, ObjectCount: 1,
					Objects: []event.ObjectState{object},
				},
				{
					Session: sessionKey, Sent: &sender.Stats{}, SentRate: 5, Queues: []sender.QueueState{{}},
					Objects: []event.ObjectState{},
				},
			},
		},
		UnitOf:   []string{"in", "out"},
		Restarts: []Restart{{Actor: "node/hub", Count: 2, At: time.Now(), Outcome: "restarted", Reason: "boom"}},
	}, nil
}

func (b *backend) Object(_ context.Context, st *State, unit string, toi flute.TOI) ([]Object, error) {
	if unit != "in" {
		return nil, fmt.Errorf("%q: %w", unit, ErrNoUnit)
	}
	if toi != flute.NewTOI(5) {
		return nil, ErrNoObject
	}
	return []Object{{Session: sessionKey, ObjectState: st.Snapshot.Sessions[0].Objects[0]}}, nil
}

func (b *backend) Reload() Reloaded {
	if b.broken {
		return Reloaded{Errors: []ConfigError{{File: "/etc/x", Line: 1, Column: 2, Text: "wrong"}}}
	}
	return Reloaded{
		OK: true, Started: []string{"a"}, Restarted: []string{"b"}, Same: 2, NextStart: []string{"node.memory"},
	}
}

func (b *backend) Pause(_ context.Context, unit string, paused bool) error {
	switch unit {
	case "out":
		b.paused = paused
		return b.down
	case "in":
		return ErrNotSending
	}
	return ErrNoUnit
}

func (b *backend) Trigger(ctx context.Context, unit string, toi flute.TOI) error {
	if err := b.Pause(ctx, unit, false); err != nil {
		return err
	}
	if toi != flute.NewTOI(5) {
		return ErrNoObject
	}
	b.orders++
	return nil
}

func (b *backend) Remove(ctx context.Context, unit string, toi flute.TOI) error {
	return b.Trigger(ctx, unit, toi)
}

func (b *backend) SetLevel(level string) error {
	if level == "loud" {
		return errors.New("there is no such level")
	}
	b.level = level
	return nil
}

func (b *backend) Sinks() Sinks {
	return Sinks{Sinks: []Sink{
		{Name: "hook", Kind: "webhook", Waiting: 1, Oldest: time.Now(), Error: "x", Next: time.Now(), LastDelivered: time.Now()},
		{Name: "gone"},
	}, Outbox: Outbox{Path: "/var/x", Items: 1}}
}

func (b *backend) DeadLetters(sink, after string, _ int) ([]DeadLetter, string, error) {
	if sink != "hook" {
		return nil, "", ErrNoSink
	}
	if after == "x" {
		return nil, "", ErrNoPage
	}
	return []DeadLetter{{Key: "k", Unit: "in", Session: sessionKey, TOI: flute.NewTOI(5), Error: "<b>"}}, "2", b.down
}

func (b *backend) Replay(sink, key string) (int, error) {
	if _, _, err := b.DeadLetters(sink, "", 1); err != nil {
		return 0, err
	}
	if key == "" {
		return 3, nil
	}
	return 1, nil
}

func (b *backend) Discard(sink, key string) (int, error) { return b.Replay(sink, key) }

func (b *backend) Alive(context.Context) error { return b.down }

func (b *backend) Ready() error { return b.down }

// journal is a Journal of size events.
type journal struct {
	mu      sync.Mutex
	first   uint64
	entries []Entry
	size    int
	changed chan struct{}
}

func newJournal(size int) *journal {
	return &journal{first: 1, size: size, changed: make(chan struct{})}
}

func (j *journal) add(names ...string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, name := range names {
		id := j.first + uint64(len(j.entries))
		j.entries = append(j.entries, Entry{id, name, fmt.Appendf(nil, `{"event":%q,"n":%d}`, name, id)})
		if len(j.entries) > j.size {
			j.entries, j.first = j.entries[1:], j.first+1
		}
	}
	close(j.changed)
	j.changed = make(chan struct{})
}

func (j *journal) Epoch() string { return "e1" }

// Resume knows one earlier process, which has numbered up to 2.
func (j *journal) Resume(epoch string, id uint64) (uint64, bool) {
	switch epoch {
	case "e1":
		return id, true
	case "earlier":
		return min(id, 2), true
	}
	return 0, false
}

func (j *journal) Last() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.first + uint64(len(j.entries)) - 1
}

func (j *journal) After(id uint64, most int) (entries []Entry, gone uint64, changed <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if id+1 < j.first {
		gone, id = j.first-id-1, j.first-1
	}
	for _, e := range j.entries {
		if e.ID > id && len(entries) < most {
			entries = append(entries, e)
		}
	}
	return entries, gone, j.changed
}

func config(t *testing.T, b Backend, j Journal) Config {
	t.Helper()
	return Config{
		Backend: b, Journal: j, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Listen: "unix:" + filepath.Join(t.TempDir(), "api.sock"),
		Collect: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "flute_x 1\n")
		}),
	}
}

// freeAddress returns an address of the loopback interface, with a port that no system gives away meanwhile.
func freeAddress(t *testing.T) string {
	t.Helper()
	port, err := netns.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", port)
}

// listen starts a server, and returns a client of it.
func listen(t *testing.T, cfg Config) *Client {
	t.Helper()
	s, err := Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	c, err := NewClient(cfg.Listen, cfg.Token, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.http.CloseIdleConnections)
	return c
}

// TestOpenAPI: each operation of the document has a handler and the other way round, and each answer that a handler
// gives, also to what is wrong, has a status and a form that the document has.
func TestOpenAPI(t *testing.T) {
	b := &backend{}
	cfg := config(t, b, newJournal(10))
	server, err := Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close(t.Context())
	doc := document(t)
	paths := doc["paths"].(map[string]any)
	documented := map[string]bool{}
	for path, operations := range paths {
		for method := range operations.(map[string]any) {
			documented[strings.ToUpper(method)+" "+path] = true
		}
	}
	served := map[string]bool{"GET /metrics": true, "GET /livez": true, "GET /readyz": true}
	for pattern := range server.handlers() {
		served[pattern] = true
	}
	for pattern := range served {
		if !documented[pattern] {
			t.Errorf("%s is not in the document", pattern)
		}
	}
	for operation := range documented {
		if !served[operation] {
			t.Errorf("%s has no handler", operation)
		}
	}
	h := server.routes()
	asked := map[string]bool{}
	const trigger = "POST /v1/units/{unit}/objects/{toi}/trigger"
	const mapOf = "GET /v1/units/{unit}/objects/{toi}/map"
	const letters = "GET /v1/sinks/{sink}/dead"
	const replay = "POST /v1/sinks/{sink}/replay"
	const remove = "DELETE /v1/units/{unit}/objects/{toi}"
	idOfIn := url.QueryEscape("in in " + sessionKey.String())
	for _, q := range []struct {
		operation, path, body string
		down, broken          bool
		want                  int
	}{
		{operation: "GET /v1/state", want: 200},
		{operation: "GET /v1/state", down: true, want: 503},
		{operation: "GET /v1/sessions", want: 200},
		{operation: "GET /v1/sessions", path: "/v1/sessions?unit=in", want: 200},
		{operation: "GET /v1/sessions", down: true, want: 503},
		{operation: "GET /v1/objects", path: "/v1/objects?unit=in&limit=1", want: 200},
		{operation: "GET /v1/objects", path: "/v1/objects?limit=0", want: 400},
		{operation: "GET /v1/objects", down: true, want: 503},
		{operation: "GET /v1/objects", path: "/v1/objects?after=3&session=" + idOfIn, want: 200},
		{operation: "GET /v1/objects", path: "/v1/objects?after=x&session=" + idOfIn, want: 400},
		{operation: "GET /v1/objects", path: "/v1/objects?order=schedule&session=" + idOfIn, want: 200},
		{operation: "GET /v1/objects", path: "/v1/objects?order=size", want: 400},
		{operation: "GET /v1/overview", want: 200},
		{operation: "GET /v1/overview", path: "/v1/overview?limit=1&way=in&text=IN&state=receiving", want: 200},
		{operation: "GET /v1/overview", path: "/v1/overview?limit=1001", want: 400},
		{operation: "GET /v1/overview", down: true, want: 503},
		{operation: mapOf, path: "/v1/units/in/objects/5/map", want: 200},
		{operation: mapOf, path: "/v1/units/in/objects/x/map", want: 400},
		{operation: mapOf, path: "/v1/units/out/objects/5/map", want: 404},
		{operation: mapOf, path: "/v1/units/in/objects/5/map", down: true, want: 503},
		{operation: "GET /v1/units/{unit}/objects/{toi}", path: "/v1/units/in/objects/5", want: 200},
		{operation: "GET /v1/units/{unit}/objects/{toi}", path: "/v1/units/in/objects/x", want: 400},
		{operation: "GET /v1/units/{unit}/objects/{toi}", path: "/v1/units/in/objects/6", want: 404},
		{operation: "GET /v1/units/{unit}/objects/{toi}", path: "/v1/units/%2e%2e/objects/5", want: 404},
		{operation: "GET /v1/units/{unit}/objects/{toi}", path: "/v1/units/in/objects/5", down: true, want: 503},
		{operation: "GET /v1/tree", want: 200},
		{operation: "GET /v1/tree", down: true, want: 503},
		{operation: "GET /v1/events", path: "/v1/events?after=x", want: 400},
		{operation: "GET /v1/events", path: "/v1/events?latest=-1", want: 400},
		{operation: "GET /v1/events", path: "/v1/events?follow=perhaps", want: 400},
		{operation: "POST /v1/reload", want: 200},
		{operation: "POST /v1/reload", broken: true, want: 422},
		{operation: "POST /v1/units/{unit}/pause", path: "/v1/units/out/pause", want: 200},
		{operation: "POST /v1/units/{unit}/pause", path: "/v1/units/none/pause", want: 404},
		{operation: "POST /v1/units/{unit}/pause", path: "/v1/units/in/pause", want: 409},
		{operation: "POST /v1/units/{unit}/pause", path: "/v1/units/out/pause", down: true, want: 503},
		{operation: "POST /v1/units/{unit}/resume", path: "/v1/units/out/resume", want: 200},
		{operation: trigger, path: "/v1/units/out/objects/5/trigger", want: 200},
		{operation: trigger, path: "/v1/units/out/objects/x/trigger", want: 400},
		{operation: trigger, path: "/v1/units/out/objects/6/trigger", want: 404},
		{operation: trigger, path: "/v1/units/in/objects/5/trigger", want: 409},
		{operation: trigger, path: "/v1/units/out/objects/5/trigger", down: true, want: 503},
		{operation: remove, path: "/v1/units/out/objects/5", want: 200},
		{operation: remove, path: "/v1/units/out/objects/-1", want: 400},
		{operation: remove, path: "/v1/units/none/objects/5", want: 404},
		{operation: remove, path: "/v1/units/in/objects/5", want: 409},
		{operation: remove, path: "/v1/units/out/objects/5", down: true, want: 503},
		{operation: "GET /v1/sinks", want: 200},
		{operation: letters, path: "/v1/sinks/hook/dead?after=x", want: 400},
		{operation: letters, path: "/v1/sinks/hook/dead?limit=1", want: 200},
		{operation: letters, path: "/v1/sinks/hook/dead?limit=1001", want: 400},
		{operation: letters, path: "/v1/sinks/none/dead", want: 404},
		{operation: letters, path: "/v1/sinks/hook/dead", down: true, want: 503},
		{operation: "DELETE /v1/sinks/{sink}/dead", path: "/v1/sinks/hook/dead?key=k", want: 200},
		{operation: "DELETE /v1/sinks/{sink}/dead", path: "/v1/sinks/none/dead", want: 404},
		{operation: "DELETE /v1/sinks/{sink}/dead", path: "/v1/sinks/hook/dead", down: true, want: 503},
		{operation: replay, path: "/v1/sinks/hook/replay", want: 200},
		{operation: replay, path: "/v1/sinks/none/replay", want: 404},
		{operation: replay, path: "/v1/sinks/hook/replay", down: true, want: 503},
		{operation: "PUT /v1/log-level", body: `{"level":"debug"}`, want: 200},
		{operation: "PUT /v1/log-level", body: `{"level":"loud"}`, want: 400},
		{operation: "PUT /v1/log-level", body: `{"colour":"red"}`, want: 400},
		{operation: "PUT /v1/log-level", body: `{"level":"` + strings.Repeat("x", maxBody) + `"}`, want: 413},
		{operation: "GET /livez", want: 200},
		{operation: "GET /livez", down: true, want: 503},
		{operation: "GET /readyz", want: 200},
		{operation: "GET /readyz", down: true, want: 503},
		{operation: "GET /metrics", want: 200},
		{operation: "GET /openapi.json", want: 200},
	} {
		method, path, _ := strings.Cut(q.operation, " ")
		if q.path != "" {
			path = q.path
		}
		b.down, b.broken = nil, q.broken
		server.shared.st = nil
		if q.down {
			b.down = errors.New("the node is gone")
		}
		w := httptest.NewRecorder()
		http.MaxBytesHandler(h, maxBody).ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(q.body)))
		asked[q.operation] = true
		if w.Code != q.want {
			t.Errorf("%s %s: %d, want %d: %.200s", method, path, w.Code, q.want, w.Body)
		}
		if err := conforms(t, doc, q.operation, w); err != nil {
			t.Errorf("%s %s, %d: %v\n%.500s", method, path, w.Code, err, w.Body)
		}
	}
	for operation := range documented {
		if !asked[operation] {
			t.Errorf("%s was not asked", operation)
		}
	}
	if b.paused || b.level != "debug" || b.orders != 2 {
		t.Errorf("%+v", b)
	}
}

func document(t *testing.T) map[string]any {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(openAPI))
	if err != nil {
		t.Fatal(err)
	}
	return doc.(map[string]any)
}

// conforms reports what of an answer is not as the document says.
func conforms(t *testing.T, doc map[string]any, operation string, w *httptest.ResponseRecorder) error {
	t.Helper()
	method, path, _ := strings.Cut(operation, " ")
	one := doc["paths"].(map[string]any)[path].(map[string]any)[strings.ToLower(method)].(map[string]any)
	response, ok := one["responses"].(map[string]any)[fmt.Sprint(w.Code)].(map[string]any)
	if !ok {
		return errors.New("the document has no such status")
	}
	kind, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";")
	if _, ok := response["content"].(map[string]any)[kind]; !ok {
		return fmt.Errorf("the document has no %q", kind)
	}
	if kind != "application/json" {
		return nil
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("mem:///api", doc); err != nil {
		t.Fatal(err)
	}
	escape := strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D")
	at := fmt.Sprintf("mem:///api#/paths/%s/%s/responses/%d/content/application~1json/schema",
		escape.Replace(path), strings.ToLower(method), w.Code)
	schema, err := c.Compile(at)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		return err
	}
	return schema.Validate(v)
}

// TestSocket: only the user has access to the socket; one that was left behind is replaced, anything else is not.
func TestSocket(t *testing.T) {
	cfg := config(t, &backend{}, newJournal(10))
	path := strings.TrimPrefix(cfg.Listen, "unix:")
	left, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	left.(*net.UnixListener).SetUnlinkOnClose(false)
	if _, err := Listen(cfg); err == nil || !strings.Contains(err.Error(), "another process answers there") {
		t.Errorf("a socket in use: %v", err)
	}
	_ = left.Close()
	c := listen(t, cfg)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	answer, err := c.Do(t.Context(), "GET", "/v1/sessions?unit=in", nil)
	var got struct{ Sessions []Session }
	if err != nil || json.Unmarshal(answer, &got) != nil || len(got.Sessions) != 1 || got.Sessions[0].Unit != "in" ||
		got.Sessions[0].Received.Received != 1 {
		t.Errorf("%s %v", answer, err)
	}
	_, err = c.Do(t.Context(), "POST", "/v1/units/none/pause", nil)
	if e, ok := errors.AsType[*StatusError](err); !ok || e.Code != 404 || e.Text != ErrNoUnit.Error() {
		t.Errorf("%v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg.Listen = "unix:" + file
	if _, err := Listen(cfg); err == nil || !strings.Contains(err.Error(), "is no socket") {
		t.Errorf("a file: %v", err)
	}
	cfg.Listen = "unix:" + filepath.Join(t.TempDir(), "none", "api.sock")
	if _, err := Listen(cfg); err == nil || !strings.Contains(err.Error(), "set node.api to a place") {
		t.Errorf("no folder: %v", err)
	}
	nobody, err := NewClient(cfg.Listen, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = nobody.Do(t.Context(), "GET", "/v1/state", nil)
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "no daemon answers: dial unix") {
		t.Errorf("nobody is there: %v", err)
	}
}

// TestForeignSocket: whoever may not ask a daemon is not told that there is none.
func TestForeignSocket(t *testing.T) {
	if os.Getuid() <= 0 {
		t.Skip("this user may ask all daemons")
	}
	cfg := config(t, &backend{}, newJournal(10))
	path := filepath.Join(t.TempDir(), "api.sock")
	cfg.Listen = "unix:" + path
	c := listen(t, cfg)
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	_, err := c.Do(t.Context(), "GET", "/v1/state", nil)
	if !errors.Is(err, os.ErrPermission) || strings.Contains(err.Error(), "no daemon answers") {
		t.Error(err)
	}
}

// TestToken: over TCP nothing is answered without the token, and who guesses is slowed down.
func TestToken(t *testing.T) {
	cfg := config(t, &backend{}, newJournal(10))
	cfg.Listen = "tcp:127.0.0.1:0"
	if _, err := Listen(cfg); err == nil {
		t.Fatal("TCP without a token")
	}
	g := &guard{token: "0123456789abcdef"}
	h := g.protect(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	ask := func(header string) int {
		r := httptest.NewRequest("GET", "/v1/state", nil)
		if header != "" {
			r.Header.Set("Authorization", header)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 200 && w.Header().Get("Connection") != "close" {
			t.Error("who has no token keeps a connection")
		}
		return w.Code
	}
	if code := ask("Bearer 0123456789abcdef"); code != 200 {
		t.Errorf("the token: %d", code)
	}
	for _, wrong := range []string{
		"", "Bearer ", "Bearer 0123456789abcdeF", "0123456789abcdef", "Bearer 0123456789abcdef0",
	} {
		if code := ask(wrong); code != 401 {
			t.Errorf("%q: %d", wrong, code)
		}
	}
	for range wrongBurst {
		ask("Bearer x")
	}
	if code := ask("Bearer x"); code != 429 {
		t.Errorf("after %d wrong tokens: %d", wrongBurst+5, code)
	}
	if g.isTired(time.Now().Add(time.Minute)) {
		t.Error("a minute later it is still tired")
	}
}

// TestForeignPage: a page that a browser shows cannot give orders.
func TestForeignPage(t *testing.T) {
	b := &backend{}
	s := &Server{cfg: config(t, b, newJournal(10))}
	r := httptest.NewRequest("POST", "/v1/units/out/pause", nil)
	r.Header.Set("Origin", "https://evil.example")
	w := httptest.NewRecorder()
	s.routes().ServeHTTP(w, r)
	if w.Code != 403 || b.paused {
		t.Errorf("%d %v", w.Code, b.paused)
	}
}

// TestEvents: events come in order, from the ID on that the client has; what is gone is told.
func TestEvents(t *testing.T) {
	j := newJournal(100)
	j.add("old", "old")
	c := listen(t, config(t, &backend{}, j))
	read := func(after, names string, n int) (got []string) {
		t.Helper()
		enough := errors.New("enough")
		err := c.Events(t.Context(), EventQuery{After: after, Names: names}, func(id, line string) error {
			if got = append(got, id+" "+line); len(got) == n {
				return enough
			}
			return nil
		})
		if !errors.Is(err, enough) {
			t.Fatal(err)
		}
		return got
	}
	if got := read("e1-0", "", 2); got[0] != `e1-1 {"event":"old","n":1}` || got[1] != `e1-2 {"event":"old","n":2}` {
		t.Errorf("from the first: %q", got)
	}
	if got := read("e0-77", "", 3); got[0] != `e1-0 {"event":"restarted"}` || !strings.HasPrefix(got[1], "e1-1 ") {
		t.Errorf("of another process: %q", got)
	}
	j.add("new")
	if got := read("earlier-77", "", 1); got[0] != `e1-3 {"event":"new","n":3}` {
		t.Errorf("of an earlier process, beyond what is kept of it: %q", got)
	}
	for range 199 {
		j.add("new")
	}
	if got := read("e1-2", "", 2); got[0] != `e1-102 {"event":"missed","count":100}` || !strings.HasPrefix(got[1], "e1-103 ") {
		t.Errorf("too late: %q", got)
	}
	j.add("other", "new")
	if got := read("e1-200", "other", 1); !strings.HasPrefix(got[0], `e1-203 {"event":"other"`) {
		t.Errorf("by name: %q", got)
	}
}

// TestLatestEvents: who asks what has happened gets the latest events of the names that are wanted, however many others
// came since, and no others after them.
func TestLatestEvents(t *testing.T) {
	j := newJournal(300)
	c := listen(t, config(t, &backend{}, j))
	j.add("rare", "often", "rare", "often", "rare")
	for range 200 {
		j.add("often")
	}
	for name, want := range map[string]struct {
		EventQuery
		ids string
	}{
		"of one name":        {EventQuery{Names: "rare", Latest: 2}, "e1-3 e1-5"},
		"more than there is": {EventQuery{Names: "rare", Latest: math.MaxUint64}, "e1-1 e1-3 e1-5"},
		"of no such name":    {EventQuery{Names: "never", Latest: 3}, ""},
		"of any name":        {EventQuery{Latest: 2}, "e1-204 e1-205"},
		"after one":          {EventQuery{After: "e1-204", Latest: 9}, "e1-205"},
		"from now on":        {EventQuery{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			want.Past = true
			err := c.Events(t.Context(), want.EventQuery, func(id, _ string) error {
				got = append(got, id)
				return nil
			})
			if err != nil || strings.Join(got, " ") != want.ids {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

// busyJournal has one more event each time that it is asked.
type busyJournal struct{ *journal }

func (j busyJournal) After(id uint64, most int) ([]Entry, uint64, <-chan struct{}) {
	j.add("new")
	return j.journal.After(id, most)
}

// TestPastEventsEnd: who asks for what has happened is not kept by what happens meanwhile.
func TestPastEventsEnd(t *testing.T) {
	j := newJournal(1000)
	j.add("old", "old")
	c := listen(t, config(t, &backend{}, busyJournal{j}))
	told := 0
	enough := errors.New("enough")
	err := c.Events(t.Context(), EventQuery{Latest: 2, Past: true}, func(string, string) error {
		if told++; told > 100 {
			return enough
		}
		return nil
	})
	if err != nil || told != 2 {
		t.Errorf("%d events, %v", told, err)
	}
}

// TestTooManyClients: clients of events are bounded, and one that leaves makes room.
func TestTooManyClients(t *testing.T) {
	j := newJournal(100)
	cfg := config(t, &backend{}, j)
	c := listen(t, cfg)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var here, left sync.WaitGroup
	here.Add(maxClients)
	for range maxClients {
		left.Go(func() {
			first := sync.OnceFunc(here.Done)
			_ = c.Events(ctx, EventQuery{After: "e1-0"}, func(string, string) error { first(); return nil })
		})
	}
	j.add("a")
	here.Wait()
	err := c.Events(ctx, EventQuery{}, func(string, string) error { return nil })
	if e, ok := errors.AsType[*StatusError](err); !ok || e.Code != 503 {
		t.Errorf("one too many: %v", err)
	}
	cancel()
	left.Wait()
	enough := errors.New("enough")
	for { // the server notices a little later
		err := c.Events(t.Context(), EventQuery{After: "e1-0"}, func(string, string) error { return enough })
		if errors.Is(err, enough) {
			break
		}
		if e, ok := errors.AsType[*StatusError](err); !ok || e.Code != 503 {
			t.Fatal(err)
		}
	}
}

// TestRefusedClientsLeave: clients of events that are refused, and close nothing, keep no connection: others are
// answered.
func TestRefusedClientsLeave(t *testing.T) {
	cfg := config(t, &backend{}, newJournal(1))
	cfg.Clients = new(atomic.Int64)
	cfg.Clients.Store(maxClients)
	c := listen(t, cfg)
	for i := range 2 * maxConnections {
		conn, err := net.Dial("unix", strings.TrimPrefix(cfg.Listen, "unix:"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, "GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
		got, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("client %d: %v", i, err)
		}
		_ = got.Body.Close()
		if got.StatusCode != 503 || !got.Close {
			t.Fatalf("client %d: %s, close %v", i, got.Status, got.Close)
		}
	}
	if err := c.Events(t.Context(), EventQuery{}, nil); err == nil {
		t.Error("one too many is taken")
	}
}

// TestSchedule: what a session sends comes as it tells it, which is the order of its turns, without pages.
func TestSchedule(t *testing.T) {
	now := time.Now()
	object := func(toi uint64, phase string, resumes time.Duration) event.ObjectState {
		o := event.ObjectState{TOI: flute.NewTOI(toi), Phase: phase}
		if resumes > 0 {
			o.Resumes = now.Add(resumes)
		}
		return o
	}
	st := &State{UnitOf: []string{"out"}, Snapshot: &node.Snapshot{Sessions: []node.SessionState{{
		ObjectCount: 9,
		Objects: []event.ObjectState{
			object(4, "sending", 0), object(6, "sending", 0), object(5, "waiting", 0),
			object(3, "waiting", time.Minute), object(1, "waiting", time.Hour), object(2, "paused", 0),
		},
	}}}}
	id := rowID("out", &st.Snapshot.Sessions[0])
	for limit, want := range map[int]string{10: "4 6 5 3 1 2 ", 3: "4 6 5 "} {
		list, count, next := objects(st, url.Values{"session": {id}, "order": {"schedule"}}, flute.TOI{}, limit)
		var got strings.Builder
		for _, o := range list {
			got.WriteString(o.TOI.String() + " ")
		}
		if got.String() != want || count != 9 || next != "" {
			t.Errorf("%d: %q of %d, next %q; want %q", limit, got.String(), count, next, want)
		}
	}
}
