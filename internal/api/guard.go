package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	// After wrongBurst wrong tokens one more a second is looked at; the others are refused unread, also right ones.
	wrongBurst = 10
	wrongRate  = 1.0
)

// guard lets requests through that carry the token.
type guard struct {
	token  string
	logins logins

	mu    sync.Mutex
	spent float64 // wrong tokens, less what time has taken off
	at    time.Time
}

// protect returns h for requests with the token, Authorization: Bearer TOKEN, and for browsers that have logged in:
// these keep the place of their connection.
func (g *guard) protect(h http.Handler) http.Handler {
	known := keeping(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/login":
			g.serveLogin(w, r)
			return
		case r.URL.Path == "/logout":
			g.serveLogout(w, r)
			return
		case isPublic(r):
			h.ServeHTTP(w, r)
			return
		case g.known(r): // also while others guess
			known.ServeHTTP(w, r)
			return
		case r.URL.Path == "/" && r.Header.Get("Authorization") == "":
			http.Redirect(w, r, "/login", http.StatusSeeOther)
			return
		}
		if g.isTired(time.Now()) {
			w.Header().Set("Connection", "close") // the place is for others
			w.Header().Set("Retry-After", "1")
			fail(w, http.StatusTooManyRequests, "too many wrong tokens")
			return
		}
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok || !g.matches(token) {
			if _, err := r.Cookie(cookieName(r)); err != nil || ok { // a page whose login is over guesses nothing
				g.wrong(time.Now())
			}
			w.Header().Set("Connection", "close")
			w.Header().Set("WWW-Authenticate", "Bearer")
			fail(w, http.StatusUnauthorized, "the token is missing or wrong")
			return
		}
		known.ServeHTTP(w, r)
	})
}

// matches compares in a time that tells nothing of the token, its length included.
func (g *guard) matches(token string) bool {
	a, b := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(g.token))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

func (g *guard) isTired(now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rest(now)
	return g.spent >= wrongBurst
}

func (g *guard) wrong(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rest(now)
	g.spent++
}

// rest takes off what time has.
func (g *guard) rest(now time.Time) {
	g.spent = max(0, g.spent-wrongRate*max(0, now.Sub(g.at).Seconds()))
	g.at = now
}
