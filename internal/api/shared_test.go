package api

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// countingBackend counts how often it was asked for its State.
type countingBackend struct {
	backend

	states int
}

func (b *countingBackend) State(ctx context.Context) (*State, error) {
	b.states++
	return b.backend.State(ctx)
}

// TestSharedState: what a view of many sessions asks for comes of one State; it is not old, and what is asked without a
// session is as it is now.
func TestSharedState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &countingBackend{}
		h := (&Server{cfg: config(t, b, newJournal(1))}).routes()
		ask := func(paths ...string) int {
			before := b.states
			for _, path := range paths {
				w := httptest.NewRecorder()
				if h.ServeHTTP(w, httptest.NewRequest("GET", path, nil)); w.Code != 200 {
					t.Errorf("%s: %d %s", path, w.Code, w.Body)
				}
			}
			return b.states - before
		}
		of := "session=" + url.QueryEscape("in in "+sessionKey.String())
		view := []string{
			"/v1/overview", "/v1/units/in/objects/5", "/v1/units/in/objects/5/map",
			"/v1/objects?" + of, "/v1/objects?after=3&" + of, "/v1/sessions?" + of,
		}
		if n := ask(view...); n != 1 {
			t.Errorf("a view asked for %d States", n)
		}
		if n := ask("/v1/state", "/v1/objects", "/v1/sessions?unit=in"); n != 3 {
			t.Errorf("3 questions about now asked for %d States", n)
		}
		time.Sleep(sharedFor)
		if n := ask(view...); n != 1 {
			t.Errorf("later: a view asked for %d States", n)
		}
	})
}

// TestSessionState: a session is in the same state wherever it is looked at.
func TestSessionState(t *testing.T) {
	h := (&Server{cfg: config(t, &backend{}, newJournal(1))}).routes()
	var got [2][]string
	for i, path := range []string{"/v1/overview", "/v1/sessions"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		var list struct {
			Sessions []struct {
				State string `json:"state"`
			} `json:"sessions"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil {
			t.Fatal(err)
		}
		for _, s := range list.Sessions {
			got[i] = append(got[i], s.State)
		}
	}
	if !slices.Equal(got[0], []string{StateSilent, StatePaused}) || !slices.Equal(got[0], got[1]) {
		t.Errorf("%q", got)
	}
}
