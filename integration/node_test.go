package integration

import (
	"bytes"
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/node"
	"github.com/flute-node/flute-node/store/mem"
)

// TestNodeSendsAndReceives: a node embedded in a program receives what it sends over real sockets.
func TestNodeSendsAndReceives(t *testing.T) {
	group := newGroup(t)
	n, err := node.Start(node.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer stop(t, n)
	st := mem.New()
	sub := n.Subscribe(node.SubscribeOptions{})
	defer sub.Close()
	if _, err := n.Receive(t.Context(), node.ReceiveConfig{Group: group, Interface: "lo", Store: st}); err != nil {
		t.Fatal(err)
	}
	s, err := n.Send(t.Context(), node.SendConfig{To: group, TSI: 7, Interface: "lo", Rate: 400_000_000})
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, 3_000_001)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(data)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := s.Add(ctx, sender.File{
		ContentLocation: "file:///dir/hello%20world.bin", Content: bytes.NewReader(data), Size: uint64(len(data)),
	}, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Finish(ctx); err != nil {
		t.Fatal(err)
	}
	for {
		select {
		case e := <-sub.Events():
			switch e := e.(type) {
			case event.ObjectCompleted:
				if e.Sending {
					continue
				}
				got, ok := st.Get(e.Path)
				if !ok || e.Path != "dir/hello world.bin" || !bytes.Equal(got, data) {
					t.Fatalf("%s: %d bytes, want %d", e.Path, len(got), len(data))
				}
				if strings.Join(e.Verified, " ") != "sha-256" {
					t.Errorf("verified %v", e.Verified)
				}
				return
			case event.ObjectFailed:
				t.Fatal(e)
			}
		case <-ctx.Done():
			t.Fatal(ctx.Err())
		}
	}
}
