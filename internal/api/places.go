package api

import (
	"container/list"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
)

// places is a listener that has so many connections at once. One more takes the place of the one that has been for
// longest without a request of somebody who is known: silence keeps nobody out. Where each has such a request, it
// waits.
type places struct {
	net.Listener

	most int

	mu     sync.Mutex
	taken  int
	idle   list.List     // of *place, without such a request, the one for longest first
	change chan struct{} // closed when a place may be had; nil: nobody waits
	closed bool
}

// Accept implements net.Listener.
func (l *places) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	p := &place{Conn: c, of: l}
	for {
		gives, change, ok := l.enter(p)
		switch {
		case ok:
			return p, nil
		case gives != nil:
			_ = gives.Close()
		case change != nil:
			<-change
		default:
			_ = c.Close()
			return nil, net.ErrClosed
		}
	}
}

// enter gives p a place. If there is none it returns who gives one, or else what to wait for, unless the listener was
// closed.
func (l *places) enter(p *place) (gives *place, change <-chan struct{}, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch first := l.idle.Front(); {
	case l.closed:
		return nil, nil, false
	case l.taken < l.most:
		l.taken++
		p.idle = l.idle.PushBack(p)
		return nil, nil, true
	case first != nil:
		return first.Value.(*place), nil, false
	}
	if l.change == nil {
		l.change = make(chan struct{})
	}
	return nil, l.change, false
}

// told tells who waits that something has changed. The caller holds mu.
func (l *places) told() {
	if l.change != nil {
		close(l.change)
		l.change = nil
	}
}

// Close implements net.Listener.
func (l *places) Close() error {
	l.mu.Lock()
	l.closed = true
	l.told()
	l.mu.Unlock()
	return l.Listener.Close()
}

// place is a connection that gives its place back.
type place struct {
	net.Conn

	of *places

	// What follows is guarded by of.mu.
	idle *list.Element // in of.idle; nil: it has a request of somebody who is known
	left bool
}

// Close implements net.Conn.
func (p *place) Close() error {
	l := p.of
	l.mu.Lock()
	if !p.left {
		p.left = true
		l.taken--
		if p.idle != nil {
			l.idle.Remove(p.idle)
		}
		l.told()
	}
	l.mu.Unlock()
	return p.Conn.Close()
}

// keep has nobody take the place while a request is answered, until done is called.
func (p *place) keep() (done func()) {
	l := p.of
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.idle != nil {
		l.idle.Remove(p.idle)
		p.idle = nil
	}
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if p.idle == nil && !p.left {
			p.idle = l.idle.PushBack(p)
			l.told()
		}
	}
}

// placeKey is that of the place in the context of a request.
type placeKey struct{}

// withPlace puts the place of a connection into the context of its requests.
func withPlace(ctx context.Context, c net.Conn) context.Context {
	if over, ok := c.(*tls.Conn); ok {
		c = over.NetConn()
	}
	return context.WithValue(ctx, placeKey{}, c)
}

// keeping returns h, which keeps the place of its connection while it answers.
func keeping(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p, ok := r.Context().Value(placeKey{}).(*place); ok {
			defer p.keep()()
		}
		h.ServeHTTP(w, r)
	})
}
