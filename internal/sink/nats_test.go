package sink

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/flute-node/flute-node/internal/netns"
	"github.com/flute-node/flute-node/internal/outbox"
)

// natsOn runs a nats-server with JetStream on a port of the loopback interface.
func natsOn(t *testing.T, dir string, port int) *server.Server {
	t.Helper()
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: dir, NoLog: true, NoSigs: true, MaxPayload: 8 << 10,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(30 * time.Second) {
		t.Fatal("nats-server does not start")
	}
	return s
}

// TestNATS: a file is published once to a stream of a real server, also if it is delivered again, and after the server
// was away; one that is too large for the server never will be.
func TestNATS(t *testing.T) {
	dir := t.TempDir()
	port, err := netns.FreePort() // also while the server is away
	if err != nil {
		t.Fatal(err)
	}
	s := natsOn(t, dir, int(port))
	at := s.ClientURL()
	admin, err := nats.Connect(at, nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	js, err := jetstream.New(admin)
	if err != nil {
		t.Fatal(err)
	}
	n := NewNATS(NATSConfig{URL: at, Subject: "flute.files"})
	defer n.Close()
	f := received(t, "a")
	deliver := func(wait time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), wait)
		defer cancel()
		return n.Deliver(ctx, f.Key(), f)
	}
	if err := deliver(10 * time.Second); err == nil {
		t.Error("a subject that no stream has takes it")
	} else if _, rejected := errors.AsType[*outbox.RejectedError](err); rejected {
		t.Errorf("for good: %v", err)
	}
	stream, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "FILES", Subjects: []string{"flute.>"}})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := deliver(10 * time.Second); err != nil {
			t.Fatal(err)
		}
	}
	got, err := stream.GetMsg(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	var m Message
	if err := json.Unmarshal(got.Data, &m); err != nil || m.Key != f.Key() || m.Path != f.Path() ||
		got.Header.Get("Nats-Msg-Id") != f.Key() {
		t.Errorf("%s %v", got.Data, got.Header)
	}

	s.Shutdown()
	s.WaitForShutdown()
	if err := deliver(300 * time.Millisecond); err == nil {
		t.Error("nobody was there, and it is taken")
	}
	s = natsOn(t, dir, int(port))
	defer func() {
		s.Shutdown()
		s.WaitForShutdown()
	}()
	taken := false
	for i := 0; i < 300 && !taken; i++ {
		if taken = deliver(time.Second) == nil; !taken {
			time.Sleep(100 * time.Millisecond) // it connects again within some seconds
		}
	}
	if !taken {
		t.Fatal("it is not delivered when the server is back")
	}
	info, err := stream.Info(t.Context())
	if err != nil || info.State.Msgs != 1 {
		t.Errorf("%+v %v", info, err)
	}
	f.ContentLocation = strings.Repeat("x", 9<<10)
	if _, rejected := errors.AsType[*outbox.RejectedError](deliver(10 * time.Second)); !rejected {
		t.Error("a message that is too large is not rejected")
	}
}
