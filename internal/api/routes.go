package api

import (
	"net/http"
	"net/http/pprof"
)

// machineRoutes adds what machines ask for.
func (s *Server) machineRoutes(mux *http.ServeMux) *http.ServeMux {
	mux.Handle("GET /metrics", s.cfg.Collect)
	mux.HandleFunc("GET /livez", s.livez)
	mux.HandleFunc("GET /readyz", s.readyz)
	return mux
}

func (s *Server) routes() http.Handler {
	mux := s.machineRoutes(http.NewServeMux())
	pageRoutes(mux)
	for pattern, h := range s.handlers() {
		mux.HandleFunc(pattern, h)
	}
	if s.cfg.PProf {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		// A page of another site that a browser shows must not steer the node.
		if r.Method != http.MethodGet && r.Header.Get("Origin") != "" {
			fail(w, http.StatusForbidden, "requests of web pages are not taken")
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// local returns h for a listener without a token, which a browser reaches through a tunnel.
func local(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isForeignHost(r.Host) {
			fail(w, http.StatusMisdirectedRequest, "take localhost, or an address, as the name of this host")
			return
		}
		h.ServeHTTP(w, r)
	})
}

// handlers are the routes of people and programs, by their patterns. The document of OpenAPI has the same.
func (s *Server) handlers() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"POST /v1/units/{unit}/objects/{toi}/trigger": s.order(s.cfg.Backend.Trigger),
		"DELETE /v1/units/{unit}/objects/{toi}":       s.order(s.cfg.Backend.Remove),
		"GET /v1/state":                               s.state,
		"GET /v1/overview":                            s.overview,
		"GET /v1/sessions":                            s.sessions,
		"GET /v1/objects":                             s.objects,
		"GET /v1/units/{unit}/objects/{toi}":          s.object,
		"GET /v1/units/{unit}/objects/{toi}/map":      s.blockMap,
		"GET /v1/tree":                                s.tree,
		"GET /v1/events":                              s.events,
		"POST /v1/reload":                             s.reload,
		"POST /v1/units/{unit}/pause":                 s.pause(true),
		"POST /v1/units/{unit}/resume":                s.pause(false),
		"GET /v1/sinks":                               s.sinks,
		"GET /v1/sinks/{sink}/dead":                   s.deadLetters,
		"DELETE /v1/sinks/{sink}/dead":                s.letters(s.cfg.Backend.Discard),
		"POST /v1/sinks/{sink}/replay":                s.letters(s.cfg.Backend.Replay),
		"PUT /v1/log-level":                           s.logLevel,
		"GET /openapi.json":                           s.openAPI,
	}
}
