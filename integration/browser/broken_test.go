package browser

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"
)

// link is the way from the browser to a daemon.
type link struct {
	lost   atomic.Value // a prefix of the paths whose requests are cut off
	silent atomic.Bool  // what is asked for data gets no answer
}

// serve starts the link to the daemon at an address, and returns the address of its other end.
func (l *link) serve(t *testing.T, at string) string {
	t.Helper()
	to, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.ErrorLog = log.New(io.Discard, "", 0) // a page that is left cuts its requests off
	l.lost.Store("/nothing")
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, l.lost.Load().(string)):
			panic(http.ErrAbortHandler)
		case l.silent.Load() && strings.HasPrefix(r.URL.Path, "/v1/"):
			<-r.Context().Done() // the browser has given up
		default:
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// TestNoAnswer: a daemon that takes requests and does not answer, as one that hangs, or whose host has vanished, is
// told; and so is that it answers again.
func TestNoAnswer(t *testing.T) {
	f, l := &fake{sessions: 2, name: "file:///a"}, &link{}
	at := l.serve(t, f.serve(t))
	b := open(t)
	b.enter(at, token)
	b.wait("document.querySelector('#live').textContent === 'live'")
	l.silent.Store(true)
	b.wait("document.querySelector('#live').textContent.startsWith('no answer, as of ')")
	b.phone()
	b.fits("no answer, on a phone")
	l.silent.Store(false)
	b.press("2") // what was asked before is asked no more
	b.wait("document.querySelector('.stack tbody tr')")
	b.wait("document.querySelector('#live').textContent === 'live'")
}

// TestNotLoaded: a page of which only a part has come says so, and loads the rest when it can.
func TestNotLoaded(t *testing.T) {
	f, l := &fake{sessions: 2, name: "file:///a"}, &link{}
	at := l.serve(t, f.serve(t))
	b := open(t)
	b.enter(at, token)
	l.lost.Store("/page/tree.js")
	b.do(chromedp.Navigate(at))
	b.wait("document.querySelector('#live').textContent === 'offline, not loaded yet'")
	b.phone()
	b.fits("not loaded, on a phone")
	l.lost.Store("/nothing")
	b.wait("document.querySelectorAll('tbody tr').length === 2")
	b.wait("document.querySelector('#live').textContent === 'live'")
}

// TestManyTabs: a browser has six connections to a host. Pages in more tabs than that show what happens, all of them.
func TestManyTabs(t *testing.T) {
	f := &fake{sessions: 2, name: "file:///a"}
	f.tell("object_completed", map[string]any{"content_location": "file:///a", "path": "a", "size": 5})
	at := f.serve(t)
	b := open(t)
	b.enter(at, token)
	tabs := []*tab{b}
	for range 8 {
		ctx, cancel := chromedp.NewContext(b.ctx)
		t.Cleanup(cancel)
		other := &tab{t: t, ctx: ctx}
		other.do(chromedp.Navigate(at))
		tabs = append(tabs, other)
	}
	const packets = "document.querySelector('tbody tr')?.innerText"
	for _, each := range tabs {
		each.wait("document.querySelector('#live').textContent === 'live' && " + packets)
		each.wait("document.querySelector('.feed [data-event=object_completed]')")
		before := see[string](each, packets)
		each.wait(packets + " !== " + quote(before))
	}
}
