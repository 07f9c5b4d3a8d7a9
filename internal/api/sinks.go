package api

import "net/http"

// maxLetters bounds the dead letters of an answer.
const maxLetters = 1000

func (s *Server) sinks(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, s.cfg.Backend.Sinks())
}

func (s *Server) deadLetters(w http.ResponseWriter, r *http.Request) {
	limit, err := limitOf(r, maxLetters, maxLetters)
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	list, err := s.cfg.Backend.DeadLetters(r.PathValue("sink"), limit)
	if err != nil {
		failed(w, err)
		return
	}
	answer(w, http.StatusOK, struct {
		Letters []DeadLetter `json:"dead_letters"`
	}{list})
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
