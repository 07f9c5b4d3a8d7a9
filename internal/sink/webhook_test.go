package sink

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/outbox"
)

// received is a file that was published in a folder.
func received(t *testing.T, name string) *outbox.File {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	return &outbox.File{
		Unit: "in", TOI: flute.NewTOI(5), ContentLocation: "file:///" + name, Dir: dir, Name: name, Size: 7,
		Session: flute.SessionKey{
			Source: netip.MustParseAddr("10.0.0.1"), Group: netip.MustParseAddrPort("239.1.1.1:3400"), TSI: 7,
		},
		Digest: "md5:00",
	}
}

// request is what a server was asked.
type request struct {
	header http.Header
	body   []byte
}

// serverOf is a server that answers with h, after it has noted the request.
func serverOf(t *testing.T, h http.HandlerFunc) (url string, asked *[]request) {
	var mu sync.Mutex
	asked = new([]request)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		*asked = append(*asked, request{r.Header, body})
		mu.Unlock()
		h(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

func deliver(t *testing.T, url string, f *outbox.File) error {
	t.Helper()
	w := NewWebhook(WebhookConfig{URL: url, Secret: []byte("secret")})
	defer w.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return w.Deliver(ctx, f.Key(), f)
}

// TestWebhook: what is posted tells the file, its key and who sends it.
func TestWebhook(t *testing.T) {
	url, asked := serverOf(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	f := received(t, "a/b")
	if err := deliver(t, url+"/files?x=1", f); err != nil {
		t.Fatal(err)
	}
	r := (*asked)[0]
	var m Message
	d := json.NewDecoder(bytes.NewReader(r.body))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil || m.Key != f.Key() || m.Path != f.Path() || m.TOI != f.TOI || m.Size != 7 {
		t.Errorf("%s: %v", r.body, err)
	}
	if r.header.Get("Idempotency-Key") != f.Key() || r.header.Get("Content-Type") != "application/json" {
		t.Errorf("%v", r.header)
	}
	at := r.header.Get("Flute-Timestamp")
	if got, want := r.header.Get("Flute-Signature"), "v1="+sign([]byte("secret"), at, r.body); got != want || at == "" {
		t.Errorf("%q at %q, want %q", got, at, want)
	}
	// As anybody can compute it: printf '17.{}' | openssl dgst -sha256 -hmac key
	const want = "e66392eac42eafc68c35a01c712811e016386c12456975fc3af80c9268568e3a"
	if got := sign([]byte("key"), "17", []byte("{}")); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestAnswers: what an answer means.
func TestAnswers(t *testing.T) {
	for code, want := range map[int]string{
		200: "taken", 201: "taken", 204: "taken", 299: "taken",
		304: "again", 300: "again",
		400: "rejected", 401: "rejected", 404: "rejected", 410: "rejected", 413: "rejected", 422: "rejected",
		408: "again", 425: "again", 429: "again", 500: "again", 502: "again", 503: "again", 599: "again",
	} {
		url, _ := serverOf(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			_, _ = w.Write([]byte("why\x00\xff"))
		})
		err := deliver(t, url, received(t, "a"))
		got := "again"
		if _, rejected := errors.AsType[*outbox.RejectedError](err); rejected {
			got = "rejected"
		} else if err == nil {
			got = "taken"
		}
		if got != want || err != nil && code != 304 && !strings.Contains(err.Error(), `"why\x00?"`) {
			t.Errorf("%d: %s, want %s: %v", code, got, want, err)
		}
	}
	url, _ := serverOf(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "70")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	later, ok := errors.AsType[*outbox.LaterError](deliver(t, url, received(t, "a")))
	if !ok || later.After != 70*time.Second {
		t.Errorf("%+v", later)
	}
}

// TestRedirects: only a redirect is followed that has the message come to the same host as it is. One to another host
// would hand it, with its signature, to somebody that nobody has configured.
func TestRedirects(t *testing.T) {
	other, told := serverOf(t, func(http.ResponseWriter, *http.Request) {})
	for name, c := range map[string]struct {
		code  int
		to    string
		taken bool
	}{
		"307, same host": {307, "/end", true},
		"308, same host": {308, "/end", true},
		"301":            {301, "/end", false},
		"303":            {303, "/end", false},
		"another host":   {307, other + "/end", false},
		"a circle":       {307, "/", false},
		"another scheme": {307, "ftp://x/", false},
	} {
		ended := 0
		url, asked := serverOf(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/end" {
				ended++
				if r.Method != http.MethodPost || r.Header.Get("Flute-Signature") == "" {
					t.Errorf("%s: %s %v", name, r.Method, r.Header)
				}
				return
			}
			http.Redirect(w, r, c.to, c.code)
		})
		err := deliver(t, url, received(t, "a"))
		if (err == nil) != c.taken || (ended == 1) != c.taken || len(*asked) > maxRedirects+1 {
			t.Errorf("%s: %v, %d requests", name, err, len(*asked))
		}
		if _, rejected := errors.AsType[*outbox.RejectedError](err); rejected {
			t.Errorf("%s: rejected for good: %v", name, err)
		}
	}
	if len(*told) > 0 {
		t.Errorf("another host was told: %s", (*told)[0].body)
	}
}

// TestBigAnswer: of an answer without end little is read.
func TestBigAnswer(t *testing.T) {
	url, _ := serverOf(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	})
	if err := deliver(t, url, received(t, "a")); err == nil || len(err.Error()) > 10*maxTold {
		t.Errorf("%.1000v", err)
	}
}

// pipes is a network of its own: a server within a bubble.
type pipes struct{ conns chan net.Conn }

func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (p pipes) Close() error { close(p.conns); return nil }

func (pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// TestDaysOfWebhook: a webhook that hangs for a day and then answers 500 for two more is asked ever more rarely, always
// with the same key, and has each file once when it is well again.
func TestDaysOfWebhook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		keys := map[string]int{}
		var mu sync.Mutex
		tries, taken := 0, 0
		net := pipes{make(chan net.Conn)}
		server := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // it notices the end of the connection after that
			mu.Lock()
			keys[r.Header.Get("Idempotency-Key")]++
			tries++
			mu.Unlock()
			switch day := time.Since(start) / (24 * time.Hour); {
			case day < 1:
				<-r.Context().Done()
			case day < 3:
				w.WriteHeader(http.StatusInternalServerError)
			default:
				mu.Lock()
				taken++
				mu.Unlock()
			}
		})}
		go func() { _ = server.Serve(net) }()
		hook := NewWebhook(WebhookConfig{URL: "http://hook/", Dial: net.dial})
		box, err := outbox.Open(outbox.Config{
			Path: filepath.Join(t.TempDir(), "outbox.db"), Items: 100, Bytes: 1 << 20, Told: func(outbox.Event) {},
			Warn: func(text string) { t.Error(text) },
		})
		if err != nil {
			t.Fatal(err)
		}
		box.Set("hook", hook, outbox.Terms{
			Policy:  outbox.Policy{First: time.Second, Most: 10 * time.Minute, Patience: 7 * 24 * time.Hour},
			Timeout: 30 * time.Second, Jobs: 4,
		})
		files := map[string]bool{}
		for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
			f := received(t, name)
			files[f.Key()] = true
			box.Enter(*f, []string{"hook"})
		}
		time.Sleep(3*24*time.Hour - time.Minute)
		mu.Lock()
		if tries < 200 || tries > 1000 || taken != 0 {
			t.Errorf("%d tries in three days, %d files taken", tries, taken)
		}
		mu.Unlock()
		time.Sleep(time.Hour)
		s, room := box.States()
		if taken != len(files) || s[0].Delivered != uint64(len(files)) || room.Items != 0 {
			t.Errorf("%d taken, %+v", taken, s)
		}
		for key := range keys {
			if !files[key] {
				t.Errorf("key %q", key)
			}
		}
		if err := box.Close(t.Context()); err != nil {
			t.Error(err)
		}
		_ = server.Close()
	})
}
