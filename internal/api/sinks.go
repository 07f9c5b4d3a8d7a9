package api

import (
	"net/http"
	"time"
)

// maxLetters bounds the dead letters of an answer.
const maxLetters = 1000

// The states of a sink.
const (
	SinkIdle       = "idle"
	SinkDelivering = "delivering"
	SinkWaiting    = "waiting" // files wait for the end of a pause
	SinkFailing    = "failing" // the latest try has failed, or was the last one
	SinkRemoved    = "removed" // it is not configured any more
)

// sinkState returns the state of a sink.
func sinkState(s *Sink) string {
	switch {
	case s.Kind == "":
		return SinkRemoved
	case s.Failures > 0, s.Error != "":
		return SinkFailing
	case s.Running > 0:
		return SinkDelivering
	case s.Waiting > 0:
		return SinkWaiting
	}
	return SinkIdle
}

func (s *Server) sinks(w http.ResponseWriter, _ *http.Request) {
	all := s.cfg.Backend.Sinks()
	all.Time = time.Now()
	for i := range all.Sinks {
		all.Sinks[i].State = sinkState(&all.Sinks[i])
	}
	answer(w, http.StatusOK, all)
}

func (s *Server) deadLetters(w http.ResponseWriter, r *http.Request) {
	limit, err := limitOf(r, maxLetters, maxLetters)
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	list, next, err := s.cfg.Backend.DeadLetters(r.PathValue("sink"), r.URL.Query().Get("after"), limit)
	if err != nil {
		failed(w, err)
		return
	}
	answer(w, http.StatusOK, struct {
		Letters []DeadLetter `json:"dead_letters"`
		Next    string       `json:"next,omitempty"` // for after
	}{list, next})
}

// letters carries out an order about dead letters: that of the query key=, or all.
func (s *Server) letters(do func(sink, key string) (int, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		n, err := do(r.PathValue("sink"), r.URL.Query().Get("key"))
		if err != nil {
			failed(w, err)
			return
		}
		answer(w, http.StatusOK, struct {
			Count int `json:"count"`
		}{n})
	}
}
