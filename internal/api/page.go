package api

import (
	"bytes"
	"net"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/flute-node/flute-node/internal/dashboard"
)

// policy is what a page of the dashboard may do: load its own scripts and styles, and ask this server. It may write
// text, but no markup (Trusted Types without a policy), so that a received name cannot become any.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'; " +
	"require-trusted-types-for 'script'; trusted-types 'none'"

// kinds are the media types of the files of the dashboard.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml",
}

// servePage answers with a file of the dashboard.
func servePage(w http.ResponseWriter, r *http.Request, name string) {
	text, err := dashboard.File(name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", kinds[path.Ext(name)])
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(text))
}

// pageRoutes adds the dashboard.
func pageRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { servePage(w, r, "index.html") })
	mux.HandleFunc("GET /page/{name}", func(w http.ResponseWriter, r *http.Request) {
		servePage(w, r, r.PathValue("name"))
	})
}

// isPublic reports whether a request is for what the login page is made of. It tells nothing of the node.
func isPublic(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/page/")
}

// isForeignHost reports whether a browser asks in the name of another site: a name with a dot that is no address. A
// site whose name leads to this machine (DNS rebinding) could read through a tunnel to the socket what has no token.
func isForeignHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	return strings.Contains(host, ".") && net.ParseIP(host) == nil && !strings.HasSuffix(host, ".localhost")
}
