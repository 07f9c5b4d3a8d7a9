package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// daemonThat answers each request in the same way.
func daemonThat(t *testing.T, code int, answer string) *ctlCommand {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(s.Close)
	return &ctlCommand{apiFlags: apiFlags{API: "tcp:" + s.Listener.Addr().String()}}
}

// TestCtlReloadErrors: what is wrong with a configuration is told with its place, as far as it has one.
func TestCtlReloadErrors(t *testing.T) {
	c := daemonThat(t, http.StatusUnprocessableEntity, `{"ok":false,"errors":[
		{"file":"/a","line":2,"column":3,"text":"x"},{"file":"/b","text":"y"},{"text":"z"}],"same":0}`)
	text, err := captured(t, false, func(out *output) error { return ctlReloadCommand{}.Run(t.Context(), c, out) })
	if want := "/a:2:3: x\n/b: y\nz\nnothing has changed\n"; err == nil || text != want {
		t.Errorf("%v\n%s\nwant\n%s", err, text, want)
	}
}

// TestCtlMetricsJSON: metrics are no JSON, and are not called something else.
func TestCtlMetricsJSON(t *testing.T) {
	c := daemonThat(t, http.StatusOK, "up 1\n")
	run := func(out *output) error { return ctlMetricsCommand{}.Run(t.Context(), c, out) }
	if text, err := captured(t, false, run); err != nil || text != "up 1\n" {
		t.Errorf("%q, %v", text, err)
	}
	if text, err := captured(t, true, run); err == nil || !strings.Contains(err.Error(), "metrics") || text != "" {
		t.Errorf("%q, %v", text, err)
	}
}

// TestCtlEventsID: each event is told with its ID, for --after.
func TestCtlEventsID(t *testing.T) {
	c := daemonThat(t, http.StatusOK, "event: a\nid: e1-7\ndata: {\"event\":\"a\"}\n\n")
	text, err := captured(t, false, func(out *output) error { return (&ctlEventsCommand{}).Run(t.Context(), c, out) })
	if want := `{"id":"e1-7","event":"a"}` + "\n"; err == nil || text != want {
		t.Errorf("%v\n%s\nwant\n%s", err, text, want)
	}
}
