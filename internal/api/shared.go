package api

import (
	"context"
	"net/http"
	"sync"
	"time"
)

const (
	// sharedFor is how old a State may be that several clients get. Each asks all sessions.
	sharedFor = 500 * time.Millisecond
	// statePatience is how long the daemon may take for it.
	statePatience = 3 * time.Second
)

// shared is a State that clients share for a moment.
type shared struct {
	mu sync.Mutex
	at time.Time
	st *State
}

// recent returns a State that is at most sharedFor old. Clients that ask at once wait for one answer.
func (s *Server) recent(ctx context.Context) (*State, error) {
	s.shared.mu.Lock()
	defer s.shared.mu.Unlock()
	if s.shared.st != nil && time.Since(s.shared.at) < sharedFor {
		return s.shared.st, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), statePatience) // others wait for it, too
	defer cancel()
	st, err := s.cfg.Backend.State(ctx)
	if err != nil {
		return nil, err
	}
	s.shared.st, s.shared.at = st, time.Now()
	return st, nil
}

// stateFor returns the State that a request is answered from. A view asks for one session after the other, once a
// second: all of it comes of one State.
func (s *Server) stateFor(r *http.Request) (*State, error) {
	if r.URL.Query().Get("session") != "" {
		return s.recent(r.Context())
	}
	return s.cfg.Backend.State(r.Context())
}
