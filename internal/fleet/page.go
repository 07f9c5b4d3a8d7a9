package fleet

import (
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

//go:embed page.html
var pageText string

//go:embed style.css
var style []byte

const (
	// pageObjects and pageSites bound what the page lists.
	pageObjects, pageSites = 500, 2000
	// pageAge is how old an answer may be: many who look ask JetStream no more often than one.
	pageAge = 2 * time.Second
	// pagePatience is how long JetStream may take.
	pagePatience = 20 * time.Second
)

// Page shows a View to browsers of this machine. What sites have told is shown as text only.
type Page struct {
	view *View
	page *template.Template

	mu   sync.Mutex // held while JetStream is asked
	home *content
	at   time.Time
}

// content is what a page shows.
type content struct {
	Title, Fleet, Now, Error string
	Home, More               bool
	Silent                   int
	Sites                    []Site
	Objects                  []Summary
	Leases                   []Lease
	Object                   *Object
}

// NewPage returns the page of a View.
func NewPage(v *View) (*Page, error) {
	t, err := template.New("page").Funcs(template.FuncMap{
		"short": Short, "phases": Phases,
		"age":  func(t time.Time) string { return Age(t, time.Now()) },
		"time": func(t time.Time) string { return t.Local().Format(time.DateTime) },
		"state": func(h Holding) string {
			switch {
			case h.Current:
				return "has it"
			case h.Have != nil:
				return "another version"
			}
			return "lacks it"
		},
	}).Parse(pageText)
	if err != nil {
		return nil, err
	}
	return &Page{view: v, page: t}, nil
}

// ServeHTTP implements [http.Handler].
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	switch {
	case !isLocal(r.Host): // a name that an attacker has lead here
		http.Error(w, "this page is for the machine that it runs on", http.StatusMisdirectedRequest)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		http.Error(w, "GET only", http.StatusMethodNotAllowed)
	case r.URL.Path == "/style.css":
		h.Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write(style) // the browser has left
	case r.URL.Path == "/":
		p.show(w, p.asked(r.Context()))
	case r.URL.Path == "/object":
		p.show(w, p.object(r.Context(), r.URL.Query().Get("name")))
	default:
		http.NotFound(w, r)
	}
}

// isLocal reports whether a Host header is that of this machine.
func isLocal(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	at, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return name == "localhost" || err == nil && at.IsLoopback()
}

func (p *Page) show(w http.ResponseWriter, c *content) {
	c.Fleet, c.Now = p.view.names.Fleet, time.Now().Format(time.DateTime)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if c.Error != "" {
		w.WriteHeader(http.StatusBadGateway)
	}
	_ = p.page.Execute(w, c) // the browser has left
}

// asked returns what is known of all.
func (p *Page) asked(ctx context.Context) *content {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.home == nil || time.Since(p.at) > pageAge {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pagePatience)
		defer cancel()
		p.home, p.at = p.ask(ctx), time.Now()
	}
	c := *p.home
	return &c
}

func (p *Page) ask(ctx context.Context) *content {
	c := &content{Title: "Fleet", Home: true}
	var err error
	if c.Sites, err = p.view.Sites(ctx); err == nil {
		c.Objects, c.More, err = p.view.Objects(ctx)
	}
	if err == nil {
		c.Leases, err = p.view.Leases(ctx)
	}
	if err != nil {
		c.Error = err.Error()
	}
	for _, s := range c.Sites {
		if s.Silent {
			c.Silent++
		}
	}
	if len(c.Objects) > pageObjects {
		c.Objects, c.More = c.Objects[:pageObjects], true
	}
	c.Sites = c.Sites[:min(len(c.Sites), pageSites)]
	return c
}

// object returns what is known of a file.
func (p *Page) object(ctx context.Context, name string) *content {
	p.mu.Lock() // one at a time
	defer p.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, pagePatience)
	defer cancel()
	o, err := p.view.Object(ctx, name, "")
	c := &content{Title: fmt.Sprintf("%.100s", name), Object: o}
	if err != nil {
		c.Error = err.Error()
	}
	return c
}
