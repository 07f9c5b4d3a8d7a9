package api

import (
	"crypto/rand"
	"crypto/sha256"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

const (
	// loginTime is how long a browser that has shown the token is known; the daemon's end ends it, too.
	loginTime = 12 * time.Hour
	// maxLogins bounds the browsers that are known. One more takes the place of the one that came first.
	maxLogins = 64
)

// logins are the browsers that have shown the token. Of what they are known by only a digest is kept.
type logins struct {
	mu   sync.Mutex
	list []login // by the time of their end
}

type login struct {
	id    [sha256.Size]byte
	until time.Time
}

// add returns what a browser is known by from now on.
func (l *logins) add(now time.Time) string {
	id := rand.Text()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep(now)
	if len(l.list) >= maxLogins {
		l.list = l.list[1:]
	}
	l.list = append(l.list, login{sha256.Sum256([]byte(id)), now.Add(loginTime)})
	return id
}

// has reports whether a browser is known. The digests are compared: how long that takes tells nothing of the IDs.
func (l *logins) has(id string, now time.Time) bool {
	digest := sha256.Sum256([]byte(id))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep(now)
	for i := range l.list {
		if l.list[i].id == digest {
			return true
		}
	}
	return false
}

// remove forgets a browser.
func (l *logins) remove(id string) {
	digest := sha256.Sum256([]byte(id))
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.list {
		if l.list[i].id == digest {
			l.list = append(l.list[:i:i], l.list[i+1:]...)
			return
		}
	}
}

// sweep forgets those whose time is over.
func (l *logins) sweep(now time.Time) {
	for len(l.list) > 0 && !now.Before(l.list[0].until) {
		l.list = l.list[1:]
	}
}

// cookieName is the name of the cookie. Browsers send a cookie to all ports of a host: two daemons have two.
func cookieName(r *http.Request) string {
	_, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		port = "80"
	}
	return "flute_node_" + port
}

// cookie returns the cookie with a value; empty: it is deleted.
func cookie(r *http.Request, value string) *http.Cookie {
	c := &http.Cookie{
		Name: cookieName(r), Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: r.TLS != nil, MaxAge: int(loginTime.Seconds()),
	}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

// known reports whether the request is of a browser that has logged in.
func (g *guard) known(r *http.Request) bool {
	c, err := r.Cookie(cookieName(r))
	return err == nil && g.logins.has(c.Value, time.Now())
}

// ownPage reports whether a request comes from a page of this server.
func ownPage(r *http.Request) bool {
	from, err := url.Parse(r.Header.Get("Origin"))
	return err == nil && from.Host != "" && from.Host == r.Host
}

// serveLogin answers GET and POST /login. A token that is wrong counts as one in a header does.
func (g *guard) serveLogin(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodGet, r.Method == http.MethodHead:
		servePage(w, r, "login.html")
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", "GET, HEAD, POST")
		fail(w, http.StatusMethodNotAllowed, "take GET or POST")
	case !ownPage(r):
		fail(w, http.StatusForbidden, "requests of other web pages are not taken")
	case g.isTired(time.Now()):
		http.Redirect(w, r, "/login?wait", http.StatusSeeOther)
	case !g.matches(r.PostFormValue("token")):
		g.wrong(time.Now())
		http.Redirect(w, r, "/login?wrong", http.StatusSeeOther)
	default:
		http.SetCookie(w, cookie(r, g.logins.add(time.Now())))
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
}

// serveLogout answers POST /logout.
func (g *guard) serveLogout(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || !ownPage(r) {
		fail(w, http.StatusForbidden, "requests of other web pages are not taken")
		return
	}
	if c, err := r.Cookie(cookieName(r)); err == nil {
		g.logins.remove(c.Value)
	}
	http.SetCookie(w, cookie(r, ""))
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}
