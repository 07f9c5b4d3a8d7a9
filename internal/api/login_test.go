package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/internal/dashboard"
)

const rightToken = "0123456789abcdef"

// browser is one that keeps a cookie.
type browser struct {
	h      http.Handler
	cookie *http.Cookie
}

// ask sends a request as a page of this server does; form is that of a POST.
func (b *browser) ask(method, path, origin string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://node.example:8080"+path, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	if b.cookie != nil {
		r.AddCookie(b.cookie)
	}
	w := httptest.NewRecorder()
	b.h.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if b.cookie = c; c.MaxAge < 0 {
			b.cookie = nil
		}
	}
	return w
}

func guarded(t *testing.T) (*browser, *guard) {
	t.Helper()
	s := &Server{cfg: config(t, &backend{}, newJournal(10)), guard: guard{token: rightToken}}
	s.cfg.Token = rightToken
	return &browser{h: s.guard.protect(s.routes())}, &s.guard
}

const own = "http://node.example:8080"

// TestLogin: a browser gets in with the token, and by nothing else; what it is known by ends when it logs out.
func TestLogin(t *testing.T) {
	b, _ := guarded(t)
	for path, want := range map[string]string{
		"/": "303 /login", "/v1/overview": "401 ", "/login": "200 ", "/page/style.css": "200 ",
	} {
		w := b.ask("GET", path, "", nil)
		if got := fmt.Sprint(w.Code, " ", w.Header().Get("Location")); got != want {
			t.Errorf("before: %s: %s, want %s", path, got, want)
		}
	}
	post := func(origin, token string) string {
		w := b.ask("POST", "/login", origin, url.Values{"token": {token}})
		return fmt.Sprint(w.Code, " ", w.Header().Get("Location"))
	}
	for _, c := range []struct{ origin, token, want string }{
		{"", rightToken, "403 "},
		{"null", rightToken, "403 "},
		{"http://evil.example", rightToken, "403 "},
		{"http://node.example", rightToken, "403 "}, // another port
		{own, "0123456789abcdeF", "303 /login?wrong"},
		{own, "", "303 /login?wrong"},
	} {
		if got := post(c.origin, c.token); got != c.want || b.cookie != nil {
			t.Errorf("%+v: %s, cookie %v", c, got, b.cookie)
		}
	}
	if got := post(own, rightToken); got != "303 /" {
		t.Fatal(got)
	}
	c := b.cookie
	if c == nil || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" ||
		c.Name != "flute_node_8080" {
		t.Fatalf("%+v", c)
	}
	if w := b.ask("GET", "/v1/overview", "", nil); w.Code != 200 || !strings.Contains(w.Body.String(), `"login":true`) {
		t.Errorf("after: %d %s", w.Code, w.Body)
	}
	if w := b.ask("GET", "/", "", nil); w.Code != 200 {
		t.Errorf("the page: %d", w.Code)
	}
	// A page, also of this server, gives no orders.
	if w := b.ask("POST", "/v1/units/out/pause", own, nil); w.Code != 403 {
		t.Errorf("an order: %d", w.Code)
	}
	if w := b.ask("POST", "/logout", "http://evil.example", nil); w.Code != 403 || b.cookie == nil {
		t.Errorf("logged out by another page: %d", w.Code)
	}
	if w := b.ask("POST", "/logout", own, nil); w.Code != 303 || b.cookie != nil {
		t.Errorf("logged out: %d %v", w.Code, b.cookie)
	}
	b.cookie = c // stolen
	if w := b.ask("GET", "/v1/overview", "", nil); w.Code != 401 {
		t.Errorf("after logging out: %d", w.Code)
	}
}

// TestLoginGuessed: wrong tokens on the login page count like those in headers; who is in stays in, and a page whose
// login is over locks nobody out.
func TestLoginGuessed(t *testing.T) {
	b, _ := guarded(t)
	b.ask("POST", "/login", own, url.Values{"token": {rightToken}})
	other := &browser{h: b.h}
	for range wrongBurst + 2 {
		other.ask("POST", "/login", own, url.Values{"token": {"wrong"}})
	}
	w := other.ask("POST", "/login", own, url.Values{"token": {rightToken}})
	if w.Header().Get("Location") != "/login?wait" || other.cookie != nil {
		t.Errorf("the right one after many wrong ones: %v", w.Header())
	}
	if w := b.ask("GET", "/v1/overview", "", nil); w.Code != 200 {
		t.Errorf("who is in: %d", w.Code)
	}
	old, g := guarded(t)
	old.cookie = &http.Cookie{Name: "flute_node_8080", Value: "of another process"}
	for range 3 * wrongBurst {
		if w := old.ask("GET", "/v1/overview", "", nil); w.Code != 401 {
			t.Fatalf("an old cookie: %d", w.Code)
		}
	}
	if g.isTired(time.Now()) {
		t.Error("an old page has locked out who has the token")
	}
}

// TestLogins: logins end, and are bounded.
func TestLogins(t *testing.T) {
	var l logins
	first := l.add(noon)
	if !l.has(first, noon.Add(loginTime-1)) || l.has(first, noon.Add(loginTime)) || l.has("", noon) {
		t.Error("the time of a login")
	}
	first = l.add(noon)
	for range maxLogins {
		l.add(noon)
	}
	if len(l.list) != maxLogins || l.has(first, noon) {
		t.Errorf("%d logins", len(l.list))
	}
}

// TestPage: the pages may load nothing but their own scripts and styles, have no script in them, and load only files
// that are there.
func TestPage(t *testing.T) {
	s := &Server{cfg: config(t, &backend{}, newJournal(10))}
	b := &browser{h: s.routes()}
	for _, path := range []string{"/", "/page/login.html", "/page/app.js", "/page/style.css", "/page/icon.svg"} {
		w := b.ask("GET", path, "", nil)
		p := w.Header().Get("Content-Security-Policy")
		if w.Code != 200 || w.Header().Get("Content-Type") == "" || !strings.HasPrefix(p, "default-src 'none'; ") ||
			strings.Contains(p, "unsafe") || !strings.Contains(p, "require-trusted-types-for 'script'") ||
			w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
	}
	for _, path := range []string{"/page/", "/page/none.js", "/page/..%2fdoc.go", "/page/%2e%2e", "/index.html"} {
		if w := b.ask("GET", path, "", nil); w.Code != 404 && w.Code != 301 && w.Code != 307 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	for _, name := range []string{"index.html", "login.html"} {
		text, err := dashboard.File(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, no := range []string{"<style", " style=", "http", "<script>"} {
			if strings.Contains(string(text), no) {
				t.Errorf("%s has %q in it", name, no)
			}
		}
		for part := range strings.SplitSeq(string(text), `"/page/`) {
			if file, _, ok := strings.Cut(part, `"`); ok && strings.Contains(file, ".") && !strings.Contains(file, "<") {
				if _, err := dashboard.File(file); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}
}

// TestForeignHost: through a tunnel to the socket a site whose name leads to this machine reads nothing.
func TestForeignHost(t *testing.T) {
	s := &Server{cfg: config(t, &backend{}, newJournal(10))}
	h := local(s.routes())
	for host, want := range map[string]int{
		"localhost:8080": 200, "127.0.0.1:8080": 200, "[::1]:8080": 200, "flute-node": 200, "x": 200, "": 200,
		"node.localhost": 200, "evil.example:8080": 421, "evil.example": 421, "127.0.0.1.evil.example": 421,
		"localhost.evil.example": 421,
	} {
		r := httptest.NewRequest("GET", "/v1/overview", nil)
		r.Host = host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%q: %d, want %d", host, w.Code, want)
		}
	}
}
