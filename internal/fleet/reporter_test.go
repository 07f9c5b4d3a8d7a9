package fleet

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

// slowly returns the URL of a way to a server on which each answer takes a time.
func slowly(t *testing.T, server string, answer time.Duration) string {
	t.Helper()
	at, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var copies sync.WaitGroup
	t.Cleanup(func() {
		_ = l.Close()
		copies.Wait()
	})
	pass := func(to, from net.Conn, pause time.Duration) {
		defer to.Close()
		buf := make([]byte, 1<<16)
		for {
			n, err := from.Read(buf)
			if err != nil {
				return
			}
			time.Sleep(pause)
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
	}
	copies.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", at.Host)
			if err != nil {
				_ = client.Close()
				continue
			}
			copies.Go(func() { pass(far, client, 0) })
			copies.Go(func() { pass(client, far, answer) })
		}
	})
	return "nats://" + l.Addr().String()
}

// TestHeartbeatsBesideFailures: a site that tells many failures over a slow link is not silent meanwhile.
func TestHeartbeatsBesideFailures(t *testing.T) {
	const failures = 100
	conn, names := newFleet(t)
	beats := make(chan *nats.Msg, 1<<10)
	sub, err := conn.ChanSubscribe(names.beat("a"), beats)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Unsubscribe()
	slow, err := Dial(DialConfig{URL: slowly(t, conn.ConnectedUrl(), 20*time.Millisecond), Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	r, err := NewReporter(ReporterConfig{
		Conn: slow, Names: names, Site: "a", Interval: 100 * time.Millisecond,
		Health: func() Health { return Health{} },
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range failures {
		r.Failed(fmt.Sprintf("file:///%d", i), "digest", "", "in")
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { r.Run(ctx) })
	defer running.Wait()
	defer cancel()
	v, err := NewView(conn, names)
	if err != nil {
		t.Fatal(err)
	}
	for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		list, _, err := v.Objects(t.Context())
		if n := len(beats); err == nil && len(list) == failures {
			// It takes 20 times as long as an interval. The first one came before all failures.
			if n < 4 {
				t.Errorf("%d heartbeats before all failures were told", n)
			}
			return
		}
		if time.Since(begun) > time.Minute {
			t.Fatalf("%d failures, %v", len(list), err)
		}
	}
}
