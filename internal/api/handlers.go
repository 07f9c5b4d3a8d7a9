package api

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/flute-node/flute-node/flute"
)

// answer writes v as JSON.
func answer(w http.ResponseWriter, code int, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		fail(w, http.StatusInternalServerError, err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(append(text, '\n')) // a client that has left
}

// problem is what is wrong with a request.
type problem struct {
	Error string `json:"error"`
}

func fail(w http.ResponseWriter, code int, text string) { answer(w, code, problem{text}) }

// failed answers with the error of a Backend.
func failed(w http.ResponseWriter, err error) {
	code := http.StatusServiceUnavailable
	switch {
	case errors.Is(err, ErrNoUnit), errors.Is(err, ErrNoObject), errors.Is(err, ErrNoSink):
		code = http.StatusNotFound
	case errors.Is(err, ErrNoPage):
		code = http.StatusBadRequest
	case errors.Is(err, ErrNotSending):
		code = http.StatusConflict
	}
	fail(w, code, err.Error())
}

func (s *Server) state(w http.ResponseWriter, r *http.Request) {
	st, err := s.cfg.Backend.State(r.Context())
	if err != nil {
		failed(w, err)
		return
	}
	answer(w, http.StatusOK, st)
}

func (s *Server) sessions(w http.ResponseWriter, r *http.Request) {
	st, err := s.stateFor(r)
	if err != nil {
		failed(w, err)
		return
	}
	list, paused := []Session{}, pausedUnits(st)
	for i, one := range st.Snapshot.Sessions {
		unit := st.UnitOf[i]
		if isAskedFor(r.URL.Query(), unit, &one) {
			row := rowOf(unit, paused[unit], &one, st.Snapshot.Time)
			one.Objects = nil
			list = append(list, Session{Unit: unit, State: row.State, SessionState: one})
		}
	}
	answer(w, http.StatusOK, struct {
		Time     time.Time `json:"time"`
		Sessions []Session `json:"sessions"`
		Count    int       `json:"session_count"` // of all units
	}{st.Snapshot.Time, list, st.Snapshot.SessionCount})
}

func (s *Server) tree(w http.ResponseWriter, r *http.Request) {
	st, err := s.cfg.Backend.State(r.Context())
	if err != nil {
		failed(w, err)
		return
	}
	answer(w, http.StatusOK, struct {
		Time     time.Time `json:"time"`
		Actors   []string  `json:"actors"`
		Count    int       `json:"actor_count"`
		Restarts []Restart `json:"restarts"`
	}{st.Snapshot.Time, st.Snapshot.Actors, st.Snapshot.ActorCount, st.Restarts})
}

func (s *Server) reload(w http.ResponseWriter, _ *http.Request) {
	// It may wait for programs that take a file. A client that cannot wait does not end it.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
	re := s.cfg.Backend.Reload()
	code := http.StatusOK
	if !re.OK {
		code = http.StatusUnprocessableEntity
	}
	answer(w, code, re)
}

// done is the answer to an order that was carried out.
type done struct {
	OK bool `json:"ok"`
}

func (s *Server) pause(paused bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := s.cfg.Backend.Pause(r.Context(), r.PathValue("unit"), paused); err != nil {
			failed(w, err)
			return
		}
		answer(w, http.StatusOK, done{true})
	}
}

// order carries out an order about an object.
func (s *Server) order(do func(context.Context, string, flute.TOI) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		toi, err := flute.ParseTOI(r.PathValue("toi"))
		if err != nil {
			fail(w, http.StatusBadRequest, err.Error())
			return
		}
		if err := do(r.Context(), r.PathValue("unit"), toi); err != nil {
			failed(w, err)
			return
		}
		answer(w, http.StatusOK, done{true})
	}
}

func (s *Server) logLevel(w http.ResponseWriter, r *http.Request) {
	var order struct {
		Level string `json:"level"`
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&order); err != nil {
		code := http.StatusBadRequest
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			code = http.StatusRequestEntityTooLarge
		}
		fail(w, code, err.Error())
		return
	}
	if err := s.cfg.Backend.SetLevel(order.Level); err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	answer(w, http.StatusOK, done{true})
}

func (s *Server) livez(w http.ResponseWriter, r *http.Request) {
	tell(w, s.cfg.Backend.Alive(r.Context()))
}

func (s *Server) readyz(w http.ResponseWriter, _ *http.Request) { tell(w, s.cfg.Backend.Ready()) }

// tell answers ok, or what is wrong, in a line of text.
func tell(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	text := "ok"
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		text = err.Error()
	}
	_, _ = w.Write([]byte(text + "\n"))
}

//go:embed openapi.json
var openAPI []byte

func (s *Server) openAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(openAPI)
}
