package integration

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// hook is a webhook that notes the keys of what it is asked.
type hook struct {
	*httptest.Server

	mu     sync.Mutex
	keys   []string
	bodies []string
	answer func(w http.ResponseWriter, r *http.Request)
}

func newHook(t *testing.T) *hook {
	h := &hook{}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h.mu.Lock()
		h.keys, h.bodies = append(h.keys, r.Header.Get("Idempotency-Key")), append(h.bodies, string(body))
		answer := h.answer
		h.mu.Unlock()
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(h.Close)
	return h
}

// set has the hook answer otherwise from now on.
func (h *hook) set(answer func(w http.ResponseWriter, r *http.Request)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answer = answer
}

func (h *hook) seen() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.keys...)
}

// TestSinkKilled: a daemon that is killed while a webhook has a file tells it again after its start, with the same key
// and the same words. Marker, program and dead letters do what they say; SIGHUP replaces one sink and leaves the
// others.
func TestSinkKilled(t *testing.T) {
	t.Parallel()
	group := newGroup(t)
	from, in, state := t.TempDir(), t.TempDir(), t.TempDir()
	h := newHook(t)
	secret := filepath.Join(state, "secret")
	if err := os.WriteFile(secret, []byte("0123456789abcdef"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.set(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	s := serviceOf(t, "") // to have its folder
	configure := func(sinks string) {
		t.Helper()
		text := fmt.Sprintf("node: {api: 'unix:%s/api', outbox: '%s/outbox.db'}\n", s.folder, state) + fmt.Sprintf(
			"receive:\n- {name: in, group: %v, interface: lo, dir: %s, layout: source, sinks: [hook, done, copy]}\n"+
				"sinks:\n- {name: done, marker: .done}\n- {name: copy, exec: 'cp {path} %s/{name}.copy'}\n",
			group, in, state) + sinks
		if err := os.WriteFile(filepath.Join(s.folder, "flute-node.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	configure(fmt.Sprintf("- {name: hook, webhook: '%s/x', secret_file: %s, retry_min: 100ms}\n", h.URL, secret))
	if code, answer := s.ask("POST", "/v1/reload"); code != http.StatusOK || !strings.Contains(answer, `"sinks":["copy","done","hook"]`) {
		t.Fatalf("%d %s", code, answer)
	}
	file := write(t, from, "file", 100_000)
	start(t, "send", "--to", group.String(), "--interface", "lo", file).ok()
	if !eventually(time.Minute, func() bool { return len(h.seen()) == 1 }) {
		_, answer := s.ask("GET", "/v1/sinks")
		t.Fatalf("the webhook is not told: %s\n%s", answer, tail(s.stderr.String()))
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	has(t, filepath.Join(state, "file.copy"), content)
	marker := filepath.Join(in, "127.0.0.1", "file.done")
	if !eventually(time.Minute, func() bool { _, err := os.Stat(marker); return err == nil }) {
		t.Fatal("there is no marker")
	}

	s.signal(syscall.SIGKILL)
	<-s.done
	h.set(nil)
	s.run()
	if !eventually(time.Minute, func() bool { return s.metric(`flute_sink_events_total{result="delivered",sink="hook"}`) == 1 }) {
		_, answer := s.ask("GET", "/v1/sinks")
		t.Fatalf("it is not told again: %s", answer)
	}
	keys := h.seen()
	if len(keys) != 2 || keys[0] != keys[1] || len(keys[0]) != 32 || h.bodies[0] != h.bodies[1] {
		t.Errorf("keys %q, %q", keys, h.bodies)
	}
	var told struct{ Key, Path string }
	if text, err := os.ReadFile(marker); err != nil || json.Unmarshal(text, &told) != nil || told.Key != keys[0] ||
		told.Path != filepath.Join(in, "127.0.0.1", "file") {
		t.Errorf("marker %s, %v", text, err)
	}

	// A file that is rejected is a dead letter, which can be replayed. One that is called like a marker is not taken.
	h.set(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) })
	start(t, "send", "--to", group.String(), "--interface", "lo", "--tsi", "2", write(t, from, "other", 1000)).ok()
	forged := write(t, from, "other.done", 1000)
	start(t, "send", "--to", group.String(), "--interface", "lo", "--tsi", "3", forged).ok()
	ctl := func(args ...string) string {
		t.Helper()
		c := start(t, append([]string{"ctl", "--api", "unix:" + s.folder + "/api", "--json"}, args...)...)
		c.ok()
		return c.stdout.String()
	}
	if !eventually(time.Minute, func() bool { return s.metric(`flute_sink_dead_letters{sink="hook"}`) == 1 }) {
		t.Fatalf("no dead letter: %s", ctl("sinks"))
	}
	if text := ctl("dead", "hook"); !strings.Contains(text, "410 Gone") || !strings.Contains(text, "/other") {
		t.Errorf("%s", text)
	}
	if c := start(t, "ctl", "--api", "unix:"+s.folder+"/api", "replay", "none"); c.wait() != 1 {
		t.Error("a sink that is not there can be replayed")
	}
	h.set(nil)
	configure(fmt.Sprintf("- {name: hook, webhook: '%s/y', secret_file: %s}\n", h.URL, secret))
	if code, answer := s.ask("POST", "/v1/reload"); code != http.StatusOK || !strings.Contains(answer, `"sinks":["hook"]`) ||
		!strings.Contains(answer, `"same":1`) {
		t.Errorf("%d %s", code, answer)
	}
	if text := ctl("replay", "hook"); !strings.Contains(text, `"count":1`) {
		t.Errorf("%s", text)
	}
	if !eventually(time.Minute, func() bool { return s.metric(`flute_sink_events_total{result="delivered",sink="hook"}`) == 2 }) {
		t.Errorf("what was replayed is not delivered: %s", ctl("sinks"))
	}
	if text, err := os.ReadFile(filepath.Join(in, "127.0.0.1", "other.done")); err != nil || !strings.Contains(string(text), `"key"`) {
		t.Errorf("the marker is forged: %s %v", text, err)
	}
	s.signal(syscall.SIGTERM)
	if code := s.wait(); code != 0 {
		t.Errorf("exit code %d\n%s", code, tail(s.stderr.String()))
	}
}
