package api

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestDaemonThatHangs: who only asks a daemon that hangs is told so after a while, also in the middle of an answer. One
// that is slow is waited for, and so is what a daemon was told to do.
func TestDaemonThatHangs(t *testing.T) {
	const body = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"
	get := func(ctx context.Context, c *Client) error {
		_, err := c.Do(ctx, http.MethodGet, "/v1/state", nil)
		return err
	}
	errSeen := errors.New("the event was seen")
	events := func(ctx context.Context, c *Client) error {
		return c.Events(ctx, EventQuery{}, func(string, string) error { return errSeen })
	}
	for name, c := range map[string]struct {
		ask    func(context.Context, *Client) error
		answer func(say func(string)) // of the daemon, which then hangs
		hangs  bool
		after  time.Duration
	}{
		"no answer":      {get, func(func(string)) {}, true, patience},
		"half an answer": {get, func(say func(string)) { say(body + "a") }, true, patience},
		"a slow answer": {get, func(say func(string)) {
			say(body)
			for range 3 {
				time.Sleep(patience - 1)
				say("a")
			}
		}, false, 3 * (patience - 1)},
		"a reload": {func(ctx context.Context, c *Client) error {
			_, err := c.Do(ctx, http.MethodPost, "/v1/reload", nil)
			return err
		}, func(say func(string)) {
			time.Sleep(time.Hour)
			say(body + "aaa")
		}, false, time.Hour},
		"no stream": {events, func(func(string)) {}, true, patience},
		"a quiet stream": {events, func(say func(string)) {
			say("HTTP/1.1 200 OK\r\n\r\n: welcome\n\n")
			for range 10 {
				time.Sleep(keepAlive)
				say(": still here\n\n")
			}
			say("id: e-1\ndata: {}\n\n")
		}, false, 10 * keepAlive},
		"half a stream": {events, func(say func(string)) {
			say("HTTP/1.1 200 OK\r\n\r\n: welcome\n\n")
		}, true, patience},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				client := &Client{base: "http://flute-node"}
				client.http.Transport = &http.Transport{
					DialContext: func(context.Context, string, string) (net.Conn, error) { return near, nil },
				}
				go func() {
					if _, err := http.ReadRequest(bufio.NewReader(far)); err != nil {
						t.Error(err)
					}
					c.answer(func(text string) { _, _ = fmt.Fprint(far, text) })
				}()
				began := time.Now()
				err := c.ask(t.Context(), client)
				if took := time.Since(began); took != c.after {
					t.Errorf("after %v, want %v", took, c.after)
				}
				switch {
				case c.hangs && (err == nil || !strings.Contains(err.Error(), "as if it hangs")),
					!c.hangs && err != nil && !errors.Is(err, errSeen):
					t.Error(err)
				}
				client.http.CloseIdleConnections()
				_ = near.Close()
				_ = far.Close()
			})
		})
	}
}
