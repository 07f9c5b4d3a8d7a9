package api

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestSilentClientsGiveWay: connections without a request, those with half a request, and those with a wrong token keep
// nobody out, at once. The one that has been so for longest gives its place.
func TestSilentClientsGiveWay(t *testing.T) {
	for name, says := range map[string]string{
		"silence": "", "half a request": "GET /v1/state HTTP/1.1\r\nX: ",
		"a login that does not come": "POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\ntoken=",
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config(t, &backend{}, newJournal(1))
			at := freeAddress(t)
			cfg.Listen, cfg.Token = "tcp:"+at, "a-token-of-a-test"
			c := listen(t, cfg)
			var silent []net.Conn
			for range maxConnections {
				conn, err := net.Dial("tcp", at)
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				if _, err := io.WriteString(conn, says); err != nil {
					t.Fatal(err)
				}
				silent = append(silent, conn)
			}
			if _, err := c.Do(t.Context(), http.MethodGet, "/v1/state", nil); err != nil {
				t.Fatal(err)
			}
			for i, conn := range silent { // had it waited for time to go by, all would have been closed
				_ = conn.SetReadDeadline(time.Now().Add(time.Millisecond))
				if i == 0 {
					_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
				}
				_, err := io.ReadAll(conn)
				if open := errors.Is(err, os.ErrDeadlineExceeded); open != (i > 0) {
					t.Fatalf("connection %d: %v", i, err)
				}
			}
		})
	}
}

// pipes is a listener whose connections are made by Dial.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return nil }

func (p *pipes) dial() net.Conn {
	near, far := net.Pipe()
	p.conns <- far
	return near
}

// TestPlaces: a connection whose request is answered keeps its place, and another one waits until a request is
// answered, a connection ends, or the listener does.
func TestPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := &pipes{make(chan net.Conn), make(chan struct{})}
		l := &places{Listener: in, most: 2}
		accepted := make(chan *place)
		go func() {
			defer close(accepted)
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				accepted <- c.(*place)
			}
		}()
		waits := func() bool {
			synctest.Wait()
			return l.change != nil
		}
		isClosed := func(c net.Conn) bool {
			_ = c.SetReadDeadline(time.Now().Add(time.Second))
			_, err := c.Read(make([]byte, 1))
			return errors.Is(err, io.EOF)
		}
		firstConn := in.dial()
		first := <-accepted
		secondConn := in.dial()
		second := <-accepted
		answered := first.keep()
		thirdConn := in.dial()
		third := <-accepted
		if !isClosed(secondConn) || isClosed(firstConn) {
			t.Error("not the one without a request gave way")
		}
		_ = second.Close() // again, by whoever served it
		answeredThird := third.keep()
		in.dial()
		if !waits() {
			t.Error("it does not wait although requests are answered")
		}
		answered()
		answered()
		fourth := <-accepted
		if !isClosed(firstConn) || isClosed(thirdConn) {
			t.Error("not the one whose request was answered gave way")
		}
		answeredFourth := fourth.keep()
		in.dial()
		if !waits() {
			t.Error("it does not wait although requests are answered")
		}
		_ = third.Close()
		answeredThird()
		fifth := <-accepted
		fifth.keep()
		in.dial()
		if !waits() {
			t.Error("it does not wait although requests are answered")
		}
		_ = l.Close()
		if _, more := <-accepted; more {
			t.Error("a connection is taken after Close")
		}
		answeredFourth()
		for _, p := range []*place{first, second, fourth, fifth} {
			_ = p.Close()
		}
		if l.taken != 0 || l.idle.Len() != 0 {
			t.Errorf("%d places are taken, %d of them idle", l.taken, l.idle.Len())
		}
	})
}

// TestKeepingWithoutPlace: a request that came over no listener of ours is answered.
func TestKeepingWithoutPlace(t *testing.T) {
	answered := false
	h := keeping(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { answered = true }))
	r, err := http.NewRequest(http.MethodGet, "/", strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	if h.ServeHTTP(nil, r); !answered {
		t.Error("not answered")
	}
}
