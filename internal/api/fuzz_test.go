package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"
)

// FuzzRequests: whatever a client asks, there is an answer: no panic, no failure of ours, JSON that is whole. Events
// end with their client.
func FuzzRequests(f *testing.F) {
	for _, seed := range [][3]string{
		{"GET /v1/overview", "limit=5&after=a&text=A&state=alarm&way=in", ""},
		{"GET /v1/objects", "unit=in&session=x&limit=1", ""},
		{"GET /v1/units/in/objects/1/map", "", ""},
		{"POST /v1/units/in/objects/5192296858534827628530496329220096/trigger", "", ""},
		{"GET /v1/sinks/hook/dead", "after=00&limit=9", ""},
		{"POST /v1/sinks/hook/replay", "key=%00", ""},
		{"GET /v1/events", "names=ready,%2C&progress", "e1-5"},
		{"PUT /v1/log-level", "", `{"level":"debug"}`},
		{"POST /login", "", "token=x&to=%2F%2Fevil"},
		{"GET /", "", "x"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, operation, query, body string) {
		method, path, _ := strings.Cut(operation, " ")
		if method == "" || strings.ContainsFunc(method, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return
		}
		s := &Server{
			cfg: Config{
				Backend: &backend{}, Journal: newJournal(8), Log: slog.New(slog.DiscardHandler),
				Collect: http.NotFoundHandler(), Clients: new(atomic.Int64),
			},
			leaving: make(chan struct{}), guard: guard{token: "x"},
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		u, err := url.ParseRequestURI("/" + strings.TrimPrefix(path, "/") + "?" + query)
		if err != nil { // it comes to no handler
			return
		}
		r, err := http.NewRequestWithContext(ctx, method, "/", strings.NewReader(body))
		if err != nil {
			return
		}
		r.URL = u
		r.Host, r.RemoteAddr = "127.0.0.1", "127.0.0.1:1"
		r.Header.Set("Last-Event-ID", body)
		for _, h := range []http.Handler{local(s.routes()), s.guard.protect(s.routes())} {
			w := httptest.NewRecorder()
			http.MaxBytesHandler(h, maxBody).ServeHTTP(w, r.Clone(ctx))
			text := w.Body.Bytes()
			switch kind := w.Header().Get("Content-Type"); {
			case w.Code >= http.StatusInternalServerError && w.Code != http.StatusServiceUnavailable:
				t.Errorf("%s %s: %d %s", method, path, w.Code, text)
			case kind == "application/json" && !json.Valid(text):
				t.Errorf("%s %s: %d, no JSON: %s", method, path, w.Code, text)
			}
			for name, values := range w.Header() {
				if strings.ContainsFunc(strings.Join(values, ""), unicode.IsControl) {
					t.Errorf("%s: %q", name, values)
				}
			}
			r.Body = http.NoBody
		}
	})
}
